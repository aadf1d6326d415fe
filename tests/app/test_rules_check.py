"""`leadripe rules check` as a script sees it: real processes, findings, exit codes."""

from pathlib import Path

import pytest

from tests.leadripe_process import leadripe

DEAD = "rules: [{id: a, activity: x, points: 60, where: {n: {gte: 10, lt: 5}}}]\n"
WARNED = (
    "rules: [{id: a, activity: x, points: 60, family: f}]\n"
    "groups: {g: {cap: 5}}\n"
    "hand_off: {families: {count: 1}}\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = leadripe("init", str(tmp_path), cwd=tmp_path)
    assert made.code == 0, made.err
    return tmp_path


def rules(folder: Path, text: str) -> Path:
    path = folder / "new.yaml"
    path.write_text("version: 1\n" + text, encoding="utf-8")
    return path


def test_the_starter_files_pass_even_strictly(project: Path) -> None:
    told = leadripe("rules", "check", "--strict", cwd=project)
    assert told.code == 0, told.out
    assert told.out.splitlines()[-1] == "0 errors, 0 warnings, 0 notes."


def test_a_rule_that_never_fires_is_an_error_with_its_place(tmp_path: Path) -> None:
    path = rules(tmp_path, DEAD)
    told = leadripe("rules", "check", "--rules", path.name, cwd=tmp_path)
    assert told.code == 4
    said = told.out.splitlines()
    place = said.index(
        "new.yaml:2:49: error: «a» can never fire: what it asks of «n» contradicts itself"
        " (never_fires)"
    )
    assert said[place + 1] == "    what to do: Correct the condition, or take «a» out."


def test_warnings_fail_only_if_asked(tmp_path: Path) -> None:
    path = rules(tmp_path, WARNED)
    easy = leadripe("rules", "check", "--rules", path.name, cwd=tmp_path)
    assert (easy.code, easy.out.splitlines()[-1]) == (0, "0 errors, 1 warning, 0 notes.")
    strict = leadripe("rules", "check", "--rules", path.name, "--strict", cwd=tmp_path)
    assert (strict.code, strict.out) == (4, easy.out)


def test_scripts_read_findings_as_json(tmp_path: Path) -> None:
    path = rules(tmp_path, WARNED)
    told = leadripe("rules", "check", "--rules", path.name, "--json", cwd=tmp_path)
    (found,) = told.json()["findings"]
    assert {**found, "what": "", "do": ""} == {
        "file": "new.yaml",
        "line": 3,
        "column": 10,
        "weight": "warning",
        "code": "unused",
        "what": "",
        "do": "",
    }
    assert (told.json()["rules"], told.json()["groups"]) == (1, 1)


def test_mistakes_are_findings_in_json_and_an_error_message_without(project: Path) -> None:
    path = rules(project, "rules: [{id: a, activity: demo_requst, points: 60}]\n")
    told = leadripe("rules", "check", "--rules", path.name, "--json", cwd=project)
    assert told.code == 4
    assert told.json()["hash"] == ""
    (found,) = told.json()["findings"]
    assert (found["line"], found["column"], found["code"]) == (2, 27, "mistake")
    plain = leadripe("rules", "check", "--rules", path.name, cwd=project)
    assert (plain.code, plain.out) == (4, "")
    assert "new.yaml:2:27: no activity of the mapping is of the type «demo_requst»" in plain.err


def test_with_settings_other_rules_are_held_against_their_mapping(project: Path) -> None:
    where = "where: {asset_kind: whitepaper}"
    text = f"rules: [{{id: a, activity: content_download, points: 60, {where}}}]\n"
    told = leadripe("rules", "check", "--rules", rules(project, text).name, cwd=project)
    assert told.code == 0
    assert "«a» never fires with this mapping" in told.out
    assert "The mapping sets «asset_kind» to «white_paper», «guide»" in told.out
