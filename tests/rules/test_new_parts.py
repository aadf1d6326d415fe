"""A new operator, or a new decay kind, is told in one place: all else follows.

Those of `tests.rules.more_parts` are added to processes of their own, since the models of the files
are made once.
"""

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

ROOT = Path(__file__).parents[2]
PARTS = "tests.rules.more_parts"
RULES = """\
version: 1
rules:
  - id: tenth
    label: {en: Every tenth, fr: Une sur dix}
    activity: visit
    where: {number: {multiple_of: 10}}
    points: 8
    decay: {cliff: 30d}
"""
REFERENCE = (
    "tests/rules/test_conditions.py",
    "tests/rules/test_predicate.py",
    "tests/rules/test_satisfiable.py",
    "tests/rules/test_decay.py",
    "tests/rules/test_portable.py::test_larger_plans_are_read_by_another_engine",
    "tests/rules/test_against_reference.py::"
    "test_plan_and_readable_evaluator_agree_on_many_contacts",
)


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a module of Python's in a folder and wait for it."""
    return subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-m", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Return a folder with rules and an export."""
    files = {
        "rules.yaml": RULES,
        "contacts.csv": "id\na\nb\nc\n",
        "activities.csv": (
            "id,contact_id,type,occurred_at,number\n"
            "1,a,visit,2026-05-31,20\n"
            "2,b,visit,2026-05-31,21\n"
            "3,c,visit,2026-04-01,30\n"
        ),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def shown(desk: Path, rules: str) -> str:
    """Return in one line what `rules show` says of a file, or of its mistakes."""
    (desk / "rules.yaml").write_text(rules, encoding="utf-8")
    told = run(PARTS, "rules", "show", "--rules", "rules.yaml", cwd=desk)
    return " ".join((told.stdout + told.stderr).split())


def test_a_file_that_names_them_passes_the_review(desk: Path) -> None:
    told = run(PARTS, "rules", "check", "--rules", "rules.yaml", cwd=desk)
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.splitlines()[-1].startswith("0 errors")
    shipped = run("cli", "rules", "check", "--rules", "rules.yaml", cwd=desk)
    assert shipped.returncode == 4
    assert "rules.yaml:6:22: unknown key «multiple_of»" in shipped.stderr


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("of: 10", "of: 0", "6:35: «multiple_of» needs another number than 0"),
        ("of: 10", "of: ten", "6:35: «number» holds a number, and the text «ten» is none"),
        ("of: 10", "of: 10, contains: x", "6:35: «multiple_of» is for numbers, but «number» holds"),
    ],
)
def test_what_stands_behind_it_is_checked(desk: Path, right: str, wrong: str, message: str) -> None:
    (desk / "rules.yaml").write_text(RULES.replace(right, wrong), encoding="utf-8")
    told = run(PARTS, "rules", "check", "--rules", "rules.yaml", cwd=desk)
    assert told.returncode == 4
    assert message in told.stderr


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        ("[10, 20]", "when number is between 10, 20"),
        ("[10, 20, 30]", "6:31: «between» needs two numbers, the lower one first"),
        ("[20, 10]", "6:31: «between» needs two numbers, the lower one first"),
    ],
)
def test_an_operator_may_take_a_pair(desk: Path, pair: str, told: str) -> None:
    assert told in shown(desk, RULES.replace("multiple_of: 10", f"between: {pair}"))


def test_the_review_concludes_nothing_of_numbers_that_it_cannot_know(desk: Path) -> None:
    text = RULES.replace("of: 10", "of: 10, gt: 11, lt: 19")
    (desk / "rules.yaml").write_text(text, encoding="utf-8")
    told = run(PARTS, "rules", "check", "--rules", "rules.yaml", cwd=desk)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "never" not in told.stdout


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "when number is a multiple of 10, half from day 30 on, gone after 365 days"),
        ("fr", "si number est un multiple de 10, la moitié à partir du jour 30, expire"),
    ],
)
def test_they_are_said(desk: Path, language: str, sentence: str) -> None:
    told = run(PARTS, "rules", "show", "--rules", "rules.yaml", "--language", language, cwd=desk)
    assert told.returncode == 0, told.stderr
    assert sentence in " ".join(told.stdout.split())


@pytest.mark.parametrize(
    ("slope", "told"),
    [
        ("{start: 30d, end: 90d}", "falling to nothing between day 30 and day 90"),
        ("{start: 90d, end: 30d}", "8:20: «slope» must end after it starts"),
        ("{start: 30d, end: tomorrow}", "8:38: «end» must be whole days, for example 30d"),
        ("{start: 30d, until: 90d}", "8:33: unknown key «until»"),
        ("{start: 30d}", "8:20: «end» is missing in «slope»"),
        ("30d", "8:20: «slope» must be a section"),
    ],
)
def test_a_curve_may_have_several_numbers(desk: Path, slope: str, told: str) -> None:
    assert told in shown(desk, RULES.replace("cliff: 30d", f"slope: {slope}"))


def test_points_are_computed_with_them(desk: Path) -> None:
    told = run(
        PARTS,
        *("score", "--rules", "rules.yaml", "--as-of", "2026-06-01T12:00Z", "--json"),
        *("--contacts", "contacts.csv", "--activities", "activities.csv"),
        cwd=desk,
    )
    assert told.returncode == 0, told.stderr
    rows = [orjson.loads(line) for line in told.stdout.splitlines()]
    assert {row["id"]: row["score"] for row in rows} == {"a": 8, "b": 0, "c": 4}


def test_they_are_held_against_the_reference_like_any_other() -> None:
    told = run("pytest", "-q", "-p", PARTS, "-p", "no:cacheprovider", *REFERENCE, cwd=ROOT)
    assert told.returncode == 0, told.stdout[-4000:]
