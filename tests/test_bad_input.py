"""What bad input gets: one clear message, the right exit code, nothing lost, never a traceback.

`leadripe_process.leadripe` itself fails on any traceback.
"""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hubspot import HubSpot
from hubspot.crm.properties import PropertyCreate

from connector.sandbox.hubspot.portal import Options
from connector.sandbox.serve import RunningSandbox, start
from tests.leadripe_process import CLI, environment, leadripe, prepare


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with start(contacts=60, seed=3, options=Options(index_lag=timedelta(0))) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, sandbox: RunningSandbox) -> Path:
    return prepare(tmp_path, sandbox.url)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_wrong_token_is_a_matter_of_credentials(project: Path) -> None:
    told = leadripe("sync", cwd=project, env={"HUBSPOT_TOKEN": "pat-wrong-secret"})
    assert told.code == 5
    assert "pat-wrong-secret" not in told.err + told.out
    assert "what to do" in told.err


def test_another_portal_than_the_configured_one_is_never_touched(
    tmp_path: Path, sandbox: RunningSandbox
) -> None:
    prepare(tmp_path, sandbox.url, account="12345")
    told = leadripe("sync", cwd=tmp_path)
    assert told.code == 4
    assert "12345" in told.err
    assert str(sandbox.portal.options.portal_id) in told.err
    assert "Nothing was sent" in told.err


def test_a_missing_scope_is_named(project: Path, sandbox: RunningSandbox) -> None:
    sandbox.portal.tokens.register("pat-narrow", "crm.objects.contacts.read", "oauth")
    told = leadripe("provision", cwd=project, env={"HUBSPOT_TOKEN": "pat-narrow"})
    assert told.code == 3
    assert "crm.schemas.contacts.write" in told.err


def test_a_property_that_does_not_exist_is_found_by_check(project: Path) -> None:
    edit(project / "mappings" / "hubspot.yaml", "job_title: jobtitle", "job_title: jobtitel")
    told = leadripe("check", "--json", cwd=project)
    assert told.code == 4
    finding = next(each for each in told.json() if "jobtitel" in each["what"])
    assert finding["severity"] == "error"
    assert "jobtitle" in finding["do"]


def test_a_property_of_the_wrong_type_is_refused_before_anything_is_made(
    project: Path, sandbox: RunningSandbox
) -> None:
    client = HubSpot(access_token=sandbox.token, host=sandbox.url, base_url=sandbox.url)
    taken = PropertyCreate(
        name="ripeness",
        label="Ripe",
        type="string",
        field_type="text",
        group_name="contactinformation",
    )
    client.crm.properties.core_api.create("contacts", taken)
    edit(project / "mappings" / "hubspot.yaml", "score: leadripe_score", "score: ripeness")
    told = leadripe("provision", cwd=project)
    assert told.code in {3, 4}
    assert "ripeness" in told.err


def test_a_rule_for_an_activity_that_no_mapping_produces_names_the_likely_word(
    project: Path,
) -> None:
    edit(project / "mappings" / "rules.yaml", "activity: demo_request", "activity: demo_reqest")
    told = leadripe("rules", "check", cwd=project)
    assert told.code == 4
    assert "demo_reqest" in told.err
    assert "demo_request" in told.err
    assert "mappings/rules.yaml:" in told.err


def test_a_regular_expression_that_is_not_re2_is_refused_when_the_file_is_read(
    project: Path,
) -> None:
    rules = project / "mappings" / "rules.yaml"
    edit(rules, "rules:\n", "rules:\n  - id: odd\n    activity: demo_request\n    points: 1\n"
         "    where: {form_name: {matches: '(?=demo)'}}\n")  # fmt: skip
    told = leadripe("rules", "check", cwd=project)
    assert told.code == 4
    assert "(?=demo)" in told.err


@pytest.mark.parametrize("content", [b"", b"this is no database at all, " * 100])
def test_a_file_that_is_no_database_of_ours_is_refused_and_left_alone(
    project: Path, content: bytes
) -> None:
    state = project / ".leadripe" / "state.db"
    state.parent.mkdir(mode=0o700)
    state.write_bytes(content or _foreign_database())
    before = state.read_bytes()
    told = leadripe("sync", cwd=project)
    assert told.code == 1
    assert ".leadripe" in told.err
    assert "what to do" in told.err
    assert state.read_bytes() == before


def _foreign_database() -> bytes:
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE theirs (n INTEGER)")
        database.execute("PRAGMA application_id = 77")
        return database.serialize()


def test_a_second_run_while_one_holds_the_lock_ends_with_seven(project: Path) -> None:
    assert leadripe("provision", cwd=project).code == 0
    assert leadripe("pull", cwd=project).code == 0
    held = subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-c", HOLD_THE_LEASE, str(project)],
        cwd=CLI.parent,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert held.stdout is not None
        assert held.stdout.readline() == "held\n"
        told = leadripe("sync", cwd=project)
        assert told.code == 7
        assert "another command is under way" in told.err
        assert "Nothing was read or written" in told.err
    finally:
        held.kill()
        held.communicate()
    assert leadripe("sync", cwd=project).code == 0


HOLD_THE_LEASE = """
import sys, time
from pathlib import Path
from connector.app.account import open_account
opened = open_account(Path(sys.argv[1]) / "leadripe.yaml")
with opened.store(read_only=False) as store, store.lease():
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_full_disk_ends_in_one_message_and_the_next_run_goes_on(project: Path) -> None:
    assert leadripe("provision", cwd=project).code == 0
    full = subprocess.run(  # noqa: S603  our own program
        [sys.executable, str(CLI), "sync"],
        cwd=project,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=_no_large_files,
    )
    assert full.returncode == 1, (full.stdout, full.stderr)
    assert "Traceback" not in full.stderr
    assert "what to do" in full.stderr
    assert leadripe("sync", cwd=project).code == 0


def _no_large_files() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_ends_at_once_and_the_next_run_goes_on(
    project: Path, sandbox: RunningSandbox, number: signal.Signals, code: int
) -> None:
    assert leadripe("provision", cwd=project).code == 0
    sync = subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, str(CLI), "sync"],
        cwd=project,
        env=environment(),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert sync.stderr is not None
    assert sync.stderr.readline().startswith("reading contacts")
    os.kill(sync.pid, number)
    _, said = sync.communicate(timeout=60)
    assert sync.returncode == code, said
    assert "Traceback" not in said
    assert "interrupted" in said
    assert leadripe("sync", cwd=project).code == 0
    runs = leadripe("runs", "--json", cwd=project).json()
    assert [run["outcome"] for run in runs] == ["done", "interrupted"]


def test_a_pipe_that_is_closed_early_is_no_error(project: Path) -> None:
    told = subprocess.run(  # noqa: S602  a shell's pipe is the case
        f"{sys.executable} {CLI} rules show | head -n 1",
        shell=True,
        cwd=project,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 0
    assert told.stderr == ""


def test_killed_again_and_again_every_task_stands_once(
    project: Path, sandbox: RunningSandbox
) -> None:
    assert leadripe("provision", cwd=project).code == 0
    for pause in (0.9, 1.1, 1.3, 1.5, 1.7):
        sync = subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, str(CLI), "sync", "--create-tasks", "--accept-large-change"],
            cwd=project,
            env=environment(),
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        time.sleep(pause)  # a moment of the other process's life, not of this test's patience
        sync.kill()
        sync.wait()
    last = leadripe("sync", "--create-tasks", "--accept-large-change", "--json", cwd=project)
    assert last.code == 0
    client = HubSpot(access_token=sandbox.token, host=sandbox.url, base_url=sandbox.url)
    tasks = client.crm.objects.get_all("tasks", properties=["leadripe_key"])
    keys = [task.properties["leadripe_key"] for task in tasks if task.properties["leadripe_key"]]
    assert len(keys) == len(set(keys)) > 0
    rows = client.crm.contacts.get_all(properties=["leadripe_score"])
    assert all(row.properties["leadripe_score"] is not None for row in rows)
    assert leadripe("sync", "--json", cwd=project).json()["plan"]["is_empty"]


def test_a_salesforce_has_no_leads_beside_its_contacts(tmp_path: Path) -> None:
    told = leadripe("sandbox", "--crm", "salesforce", "--leads", "--port", "0", cwd=tmp_path)
    assert told.code == 2
    assert "Salesforce's leads are its contacts" in told.err
