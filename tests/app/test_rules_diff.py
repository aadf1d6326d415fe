"""Two rules files on the same contacts: what differs is what two scores say, in every form."""

import csv
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest

from connector.app.diff_inputs import FilesNamed
from connector.app.rules_diff import DiffWish, diff
from connector.app.score import score_files
from connector.errors import ConfigError, UsageError
from connector.report.rules_diff import DiffReport
from connector.sandbox.hubspot.portal import Options
from connector.sandbox.serve import start
from connector.sync.progress import Silent
from tests.leadripe_process import leadripe, prepare

NO_SETTINGS = Path("/nowhere/leadripe.yaml")
AS_OF = datetime(2026, 6, 1, 12, tzinfo=UTC)
BEFORE = """
version: 1
rules:
  - {id: paper, label: Paper, activity: paper, points: 5, group: content, decay: {half_life: 60d}}
  - {id: demo, label: Demo, activity: demo, points: 20, need: true}
  - {id: gone, label: Gone, activity: visit, points: 1, at_most: 3}
groups: {content: {label: Content, cap: 12}}
personas:
  - {id: it, criteria: [{field: job_title, is: {matches: chief}}]}
"""
AFTER = """
version: 1
rules:
  - {id: paper, label: White paper, activity: paper, points: 9, group: content,
     decay: {half_life: 60d}}
  - {id: demo, label: Demo, activity: demo, points: 20}
  - {id: new, label: New, activity: visit, where: {page: pricing}, points: 4}
groups: {content: {label: Content, cap: 12}}
personas:
  - {id: it, criteria: [{field: job_title, is: {matches: head}}]}
"""
STATES = ("stage", "temperature", "grade", "hand_off")


class Desk:
    """A folder with two rules files and an export."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.before, self.after = folder / "before.yaml", folder / "after.yaml"
        self.before.write_text(BEFORE)
        self.after.write_text(AFTER)
        chance = random.Random(5)  # noqa: S311  made-up people
        titles = ("chief of IT", "head of IT", "")
        contacts = [f"c{n},Ann,a{n}@example.org,{chance.choice(titles)}" for n in range(60)]
        deeds = [
            f"{n},c{chance.randrange(60)},{chance.choice(('paper', 'visit', 'visit', 'demo'))},"
            f"2026-05-{chance.randrange(1, 30):02},{chance.choice(('pricing', 'home'))}"
            for n in range(120)
        ]
        self.write("contacts.csv", "id,first_name,email,job_title", contacts)
        self.write("activities.csv", "id,contact_id,type,occurred_at,page", deeds)

    def write(self, name: str, head: str, rows: list[str]) -> None:
        (self.folder / name).write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")

    def diff(self, **wish: object) -> DiffReport:
        wanted = {"on": str(self.folder), "as_of": AS_OF} | wish
        return diff(NO_SETTINGS, DiffWish(self.before, self.after, **wanted), Silent())  # type: ignore[arg-type]  # by name

    def rows(self, **wish: object) -> list[dict[str, object]]:
        out = self.folder / "out.json"
        self.diff(out=out, **wish)
        return [orjson.loads(line) for line in out.read_bytes().splitlines()]

    def scores(self, rules: Path) -> dict[str, dict[str, object]]:
        out = self.folder / "scores.json"
        score_files(
            rules,
            str(self.folder / "contacts.csv"),
            str(self.folder / "activities.csv"),
            as_of=AS_OF,
            out=out,
            form="json",
            progress=Silent(),
        )
        rows = [orjson.loads(line) for line in out.read_bytes().splitlines()]
        return {row["id"]: row for row in rows}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_what_differs_is_what_two_scores_say(desk: Desk) -> None:
    before, after = desk.scores(desk.before), desk.scores(desk.after)
    seen = ("score", *STATES)
    expected = {
        id_: {
            f"{name}_{when}": row[name]
            for name in ("points", *seen)
            for when, row in (("before", before[id_]), ("after", after[id_]))
        }
        for id_ in before
        if any(before[id_][name] != after[id_][name] for name in seen)
    }
    rows = desk.rows()
    assert 10 < len(rows) < 60
    assert [row["id"] for row in rows] == sorted(expected)
    for row in rows:
        changes = row["changes"]
        assert isinstance(changes, list)
        assert expected[str(row["id"])].items() <= row.items()
        assert row["score_change"] == row["score_after"] - row["score_before"]  # type: ignore[operator]  # numbers
        total = sum(change["change"] for change in changes)
        assert total == row["points_after"] - row["points_before"]  # type: ignore[operator]  # numbers
        sizes = [abs(change["change"]) for change in changes]
        assert sizes == sorted(sizes, reverse=True)
        for change in changes:
            assert change["change"] == change["after"] - change["before"] != 0


def test_totals_agree_with_the_rows(desk: Desk) -> None:
    report, rows = desk.diff(top=3), desk.rows()
    assert report.contacts == 60
    assert report.differing == len(rows)
    assert sum(report.funnel_before.values()) == sum(report.funnel_after.values()) == 60
    moved = [row for row in rows if (row["stage_before"], row["temperature_before"])
             != (row["stage_after"], row["temperature_after"])]  # fmt: skip
    assert sum(report.moves.values()) == len(moved) > 0
    assert sum(report.changes.values()) == 60
    assert sum(size * count for size, count in report.changes.items()) == sum(
        int(str(row["score_change"])) for row in rows
    )
    lost = [row for row in rows if row["hand_off_before"] and not row["hand_off_after"]]
    assert report.hand_offs_lost == len(lost) > 0
    assert report.hand_offs_before - report.hand_offs_after == (
        report.hand_offs_lost - report.hand_offs_gained
    )
    largest = sorted(rows, key=lambda row: -abs(int(str(row["score_change"]))))
    assert [abs(int(str(row["score_change"]))) for row in report.rows] == [
        abs(int(str(row["score_change"]))) for row in largest[:3]
    ]
    labels = {line.label for line in report.lines.values()}
    assert labels == {"White paper", "Content: limit of the group", "Gone", "New"}


def test_the_same_rules_change_nobody(desk: Desk) -> None:
    desk.after.write_text(BEFORE)
    report = desk.diff()
    assert (report.differing, report.points_only, report.moves) == (0, 0, {})
    assert desk.rows() == []


def test_less_than_shows_is_only_counted(desk: Desk) -> None:
    desk.after.write_text(BEFORE.replace("points: 1,", "points: 1.000001,"))
    report = desk.diff()
    assert report.differing == 0
    assert report.points_only > 10


def test_every_form_holds_the_same(desk: Desk) -> None:
    rows = desk.rows()
    desk.diff(out=desk.folder / "out.parquet")
    assert pq.read_table(desk.folder / "out.parquet").to_pylist() == rows
    desk.diff(out=desk.folder / "out.csv")
    with (desk.folder / "out.csv").open(encoding="utf-8-sig", newline="") as lines:
        read = list(csv.DictReader(lines))
    assert [row["id"] for row in read] == [row["id"] for row in rows]
    assert [int(row["score_change"]) for row in read] == [row["score_change"] for row in rows]
    assert any(
        "White paper 5 → 9" in row["changes"] or "White paper" in row["changes"] for row in read
    )


def test_a_column_may_be_a_number_to_one_and_text_to_the_other(desk: Desk) -> None:
    desk.before.write_text(BEFORE.replace("{matches: chief}", "{gte: 50}"))
    with pytest.raises(ConfigError, match=r"contacts\.csv"):
        desk.diff()  # the titles are no numbers
    desk.write("contacts.csv", "id,first_name,email,job_title", [f"c{n},A,,{n}" for n in range(60)])
    rows = {row["id"]: row for row in desk.rows()}
    assert rows["c55"]["grade_before"] == "A"
    assert rows["c55"]["grade_after"] == "D"
    assert "c49" not in rows or rows["c49"]["grade_before"] == "D"


def test_data_has_to_be_named_one_way(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name different data"):
        desk.diff(files=FilesNamed(contacts="a.csv"))
    with pytest.raises(UsageError, match="go with --contacts"):
        desk.diff(on="store", files=FilesNamed(activities="a.csv"))
    with pytest.raises(UsageError, match=r"neither contacts\.csv nor"):
        desk.diff(on=str(tmp_path / "empty"))
    with pytest.raises(UsageError, match="no time zone"):
        desk.diff(zone="Mars")


def test_the_command_tells_people_and_scripts(desk: Desk) -> None:
    asked = ("rules", "diff", "before.yaml", "after.yaml", "--on", ".", "--as-of", "2026-06-01")
    told = leadripe(*asked, "--top", "2", cwd=desk.folder)
    assert told.code == 0, told.err
    for part in ("would look different", "Who moves", "Change of the score", "Hand-offs:", "█"):
        assert part in told.out
    lines = leadripe(*asked, "--json", cwd=desk.folder).out.splitlines()
    assert f": {len(lines)} would look different" in told.out
    assert {"id", "score_change", "changes"} <= orjson.loads(lines[0]).keys()
    helped = leadripe("rules", "diff", "--help", cwd=desk.folder)
    assert helped.code == 0
    assert "On an export:" in helped.out


def test_what_was_pulled_is_compared_without_a_trace(tmp_path: Path) -> None:
    options = Options(index_lag=timedelta(0), limits=False)
    with start(contacts=60, seed=11, options=options) as running:
        prepare(tmp_path, running.url, account=str(running.portal.options.portal_id))
        assert leadripe("provision", cwd=tmp_path).code == 0
        assert leadripe("pull", cwd=tmp_path).code == 0
    rules = tmp_path / "mappings" / "rules.yaml"
    text = rules.read_text(encoding="utf-8")
    (tmp_path / "new.yaml").write_text(text.replace("points: 20\n", "points: 30\n"), "utf-8")
    asked = ("rules", "diff", "mappings/rules.yaml", "new.yaml", "--json")
    told = leadripe(*asked, cwd=tmp_path)
    assert told.code == 0, told.err
    rows = [orjson.loads(line) for line in told.out.splitlines()]
    scores = [
        orjson.loads(line) for line in leadripe("score", "--json", cwd=tmp_path).out.splitlines()
    ]
    shown = {row["id"]: row["score"] for row in scores}
    assert rows
    for row in rows:
        assert row["score_before"] == shown[row["id"]]
        assert row["score_change"] > 0
    same = leadripe("rules", "diff", "new.yaml", "new.yaml", cwd=tmp_path)
    assert same.out.startswith("60 contacts under new.yaml")
    assert "0 would look different" in same.out
