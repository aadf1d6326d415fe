"""The command line as scripts see it: real processes, their output and exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CLI = Path(__file__).parent.parent / "cli.py"


def leadripe(
    *arguments: str, cwd: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "LEADRIPE_CONFIG"}
    return subprocess.run(  # noqa: S603  our own program
        [sys.executable, str(CLI), *arguments],
        cwd=cwd,
        env=kept | (env or {}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder as `leadripe init` leaves it."""
    made = leadripe("init", str(tmp_path), cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    return tmp_path


COMMANDS = (
    "demo",
    "init",
    "check",
    "provision",
    "pull",
    "plan",
    "push",
    "sync",
    "score",
    "explain",
    "rules",
    "runs",
    "undo",
    "outbox",
    "sandbox",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_contract_explains_itself(command: str, tmp_path: Path) -> None:
    told = leadripe(command, "--help", cwd=tmp_path)
    assert told.returncode == 0
    assert told.stdout.startswith(f"Usage: cli.py {command}")
    assert told.stderr == ""


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['leadripe', '--help']; import cli\n"
        "try:\n    cli.main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'duckdb', 'pyarrow', 'hubspot', 'pydantic', 'uvicorn'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))"
    )
    ran = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", code], cwd=CLI.parent, capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == "HEAVY []"


def test_an_unknown_command_is_wrong_usage(tmp_path: Path) -> None:
    told = leadripe("snyc", cwd=tmp_path)
    assert told.returncode == 2
    assert "No such command 'snyc'" in told.stderr


def test_without_a_settings_file_the_message_names_it_and_what_to_do(tmp_path: Path) -> None:
    told = leadripe("sync", cwd=tmp_path)
    assert told.returncode == 4
    assert told.stdout == ""
    assert "leadripe.yaml" in told.stderr
    assert "leadripe init" in told.stderr
    assert "Traceback" not in told.stderr


def test_init_writes_three_files_that_are_valid(project: Path) -> None:
    told = leadripe("rules", "check", "--json", cwd=project)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["rules"] >= 17


def test_init_never_overwrites(project: Path) -> None:
    rules = project / "mappings" / "rules.yaml"
    rules.write_text("mine", encoding="utf-8")
    again = leadripe("init", str(project), cwd=project)
    assert again.returncode == 0
    assert rules.read_text(encoding="utf-8") == "mine"


def test_a_missing_token_is_a_matter_of_credentials(project: Path) -> None:
    told = leadripe("check", cwd=project, env={"HUBSPOT_TOKEN": ""})
    assert told.returncode == 5
    assert "HUBSPOT_TOKEN" in told.stderr
    assert "Traceback" not in told.stderr


def test_every_mistake_of_all_three_files_is_told_at_once(project: Path) -> None:
    for name in ("leadripe.yaml", "mappings/hubspot.yaml", "mappings/rules.yaml"):
        path = project / name
        path.write_text(path.read_text(encoding="utf-8") + "\nhlaf_life: 3\n", encoding="utf-8")
    told = leadripe("rules", "check", cwd=project)
    assert told.returncode == 4
    places = [line for line in told.stderr.splitlines() if "unknown key «hlaf_life»" in line]
    assert len(places) == 3


def test_a_crm_that_does_not_answer_is_unavailable_and_nothing_is_lost(project: Path) -> None:
    settings = project / "leadripe.yaml"
    text = settings.read_text(encoding="utf-8").replace(
        "https://api.hubapi.com", "http://127.0.0.1:9"
    )
    settings.write_text(text, encoding="utf-8")
    told = leadripe("check", cwd=project, env={"HUBSPOT_TOKEN": "pat-test"})
    assert told.returncode == 6
    assert "pat-test" not in told.stdout + told.stderr
    assert "Traceback" not in told.stderr


def test_rules_are_said_in_french(project: Path) -> None:
    told = leadripe("rules", "show", "--language", "fr", cwd=project)
    assert told.returncode == 0, told.stderr
    assert "Livre blanc" in told.stdout
    assert "divisé par deux tous les 60 jours" in told.stdout


def test_before_the_first_pull_explain_says_what_to_run(project: Path) -> None:
    told = leadripe("explain", "1", cwd=project)
    assert told.returncode == 1
    assert "leadripe pull" in told.stderr


def test_as_of_is_an_instant(project: Path) -> None:
    told = leadripe("explain", "1", "--as-of", "yesterday", cwd=project)
    assert told.returncode == 2
    assert "2026-03-29T22:30Z" in told.stderr
