"""`leadripe score` of files: open opportunities have a score of their own."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from connector.app.score import OpportunitiesOut, ScoreResult, score_files
from connector.app.score_output import Form
from connector.errors import ConfigError, UsageError
from connector.sync.progress import Silent
from tests.leadripe_process import leadripe

AS_OF = datetime(2026, 3, 2, 12, tzinfo=UTC)
RULES = """
version: 1
rules: [{id: demo, activity: demo, points: 30}]
opportunities:
  groups: {people: {label: People, cap: 25}}
  rules:
    - {id: large, label: Large, where: {amount: {gte: 10000}}, points: 10}
    - {id: north, where: {region: nord}, points: 2.5}
    - {id: likely, where: {probability: {gte: 60%}}, points: 5}
    - {id: soon, where: {closes: {within_next: 30d}, created: {within_last: 90d}}, points: 3}
    - {id: boss, label: Boss, contact: {job_title: ceo}, points: 20, group: people}
    - {id: engaged, label: Engaged, share: {of: sum, percent: 50%}, group: people}
"""
CONTACTS = "id,job_title\n1,CEO\n2,\n3,\n"
ACTIVITIES = "id,contact_id,type,occurred_at\na,1,demo,2026-03-01\nb,2,demo,2026-03-01\n"
HEAD = "id,contact_id,created_at,is_closed,is_won,amount,probability,close_date,region\n"
DEALS = (
    HEAD + "d1,1,2026-02-01,no,no,12000,60,2026-03-20,Nord\n"
    "d1,2,2026-02-01,no,no,12000,60,2026-03-20,Nord\n"
    "d2,,2026-02-01,no,no,12000,59,2026-05-20,\n"  # nobody takes part
    "d3,9,2025-02-01,no,no,,,2026-03-20,Nord\n"  # nor anybody of the file
    "d4,1,2026-02-01,yes,no,12000,60,2026-03-20,Nord\n"
    "d5,1,2026-04-01,no,no,12000,60,2026-03-20,Nord\n"
    "=d6,3,2026-02-01,no,no,,,,\n"
)


def scored(
    folder: Path, *, deals: str = DEALS, rules: str = RULES, file: str = "", form: Form = "csv"
) -> ScoreResult:
    files = {"rules.yaml": rules, "contacts.csv": CONTACTS, "activities.csv": ACTIVITIES}
    for name, text in {**files, "deals.csv": deals}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return score_files(
        folder / "rules.yaml",
        str(folder / "contacts.csv"),
        str(folder / "activities.csv"),
        str(folder / "deals.csv"),
        as_of=AS_OF,
        opportunities_out=OpportunitiesOut(folder / file, form) if file else OpportunitiesOut(),
        progress=Silent(),
    )


def test_open_opportunities_are_counted_and_written(tmp_path: Path) -> None:
    result = scored(tmp_path, file="out.jsonl", form="json")
    assert (result.scored, result.average) == (4, (45_500_000 + 10_000_000 + 2_500_000) // 4)
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [(row["id"], row["score"], row["points"]) for row in rows] == [
        ("=d6", 0, 0),
        ("d1", 46, 45_500_000),
        ("d2", 10, 10_000_000),
        ("d3", 3, 2_500_000),
    ]
    assert [(each["rule"], each["kind"], each["count"]) for each in rows[1]["reasons"]] == [
        ("engaged", "rule", 2),
        ("boss", "rule", 1),
        ("large", "rule", None),
        ("likely", "rule", None),
        ("soon", "rule", None),
        ("north", "rule", None),
        ("people", "cap", None),
    ]
    for row in rows:
        assert sum(each["points"] for each in row["reasons"]) == row["points"]
    (note,) = [note for note in result.notes if "name no contact" in note]
    assert note.startswith("opportunities: 2 rows")


def test_the_forms_say_the_same(tmp_path: Path) -> None:
    scored(tmp_path, file="out.csv")
    scored(tmp_path, file="out.parquet", form="parquet")
    text = (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    table = pq.ParquetFile(tmp_path / "out.parquet").read()
    assert [row["id"] for row in rows] == ["'=d6", "d1", "d2", "d3"]
    assert [int(row["points"]) for row in rows] == table["points"].to_pylist()
    assert rows[1]["reasons"].startswith("Engaged +30 (2 people); Boss +20 (1 person); Large +10; ")
    assert rows[1]["reasons"].endswith("People: limit of the group -25")


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    scored(tmp_path, file="out.csv")
    first = (tmp_path / "out.csv").read_bytes()
    lines = DEALS.removeprefix(HEAD).splitlines(keepends=True)
    scored(tmp_path, deals=HEAD + "".join(reversed(lines)), file="out.csv")
    assert (tmp_path / "out.csv").read_bytes() == first


def test_rules_without_opportunities_score_none(tmp_path: Path) -> None:
    plain = RULES.partition("opportunities:")[0]
    result = scored(tmp_path, rules=plain)
    assert result.scored is None
    assert any("left out, as their contact" in note for note in result.notes)
    with pytest.raises(UsageError, match="no section «opportunities»"):
        scored(tmp_path, rules=plain, file="out.csv")


def test_a_field_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    rules = RULES.replace("{region: nord}", "{region: {gte: 5}}")
    with pytest.raises(ConfigError) as error:
        scored(tmp_path, rules=rules, file="out.csv")
    assert "«region»" in str(error.value)
    assert not (tmp_path / "out.csv").exists()


def test_there_may_be_no_file_of_opportunities(tmp_path: Path) -> None:
    scored(tmp_path)
    said = leadripe(
        "score",
        *("--rules", str(tmp_path / "rules.yaml"), "--contacts", str(tmp_path / "contacts.csv")),
        *("--opportunities-out", str(tmp_path / "none.csv")),
        cwd=tmp_path,
    )
    assert "0 open ones have a score" in said.out
    assert (tmp_path / "none.csv").read_text(encoding="utf-8-sig") == "id,score,points,reasons\n"


def test_the_command_tells_how_many_and_the_average(tmp_path: Path) -> None:
    scored(tmp_path)
    files = ("rules.yaml", "contacts.csv", "activities.csv", "deals.csv")
    options = ("--rules", "--contacts", "--activities", "--opportunities")
    named = [
        part
        for option, file in zip(options, files, strict=True)
        for part in (option, str(tmp_path / file))
    ]
    table = leadripe("score", *named, "--as-of", "2026-03-02T12:00Z", cwd=tmp_path)
    assert "Opportunities: 4 open ones have a score, 14.5 on average." in table.out
    lines = leadripe("score", *named, "--as-of", "2026-03-02T12:00Z", "--json", cwd=tmp_path)
    assert len(lines.out.splitlines()) == 3
    assert "Opportunities: 4 open ones have a score, 14.5 on average." in lines.err
