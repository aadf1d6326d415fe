"""Two rules files on the same contacts: what differs is what two scores say, in every form."""

import csv
import random
import re
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
WHEN = ("before", "after")


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

    def people(self) -> list[dict[str, str]]:
        return list(csv.DictReader((self.folder / "contacts.csv").read_text().splitlines()))

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
    (score,) = report.scores
    assert (score.name, score.fate) == ("engagement", "compared")
    assert score.changes.total() == 60
    assert score.up == len([row for row in rows if int(str(row["score_change"])) > 0])
    assert sum(size * count for size, count in score.changes.items()) == sum(
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


SCORES_BEFORE = """
version: 1
scores: {engagement: {}, risk: {label: Risk, highest: 30}, old: {label: Old}}
rules:
  - {id: paper, label: Paper, activity: paper, points: 5}
  - {id: demo, label: Demo, activity: demo, points: 20}
  - {id: visit, label: Visit, activity: visit, points: 6, score: risk}
  - {id: past, label: Past, activity: paper, points: 1, score: old}
"""
SCORES_AFTER = """
version: 1
scores: {engagement: {}, risk: {label: Risk, highest: 20}, new: {label: New}}
rules:
  - {id: paper, label: Paper, activity: paper, points: 5}
  - {id: demo, label: Demo, activity: demo, points: 20}
  - {id: visit, label: Visit, activity: visit, points: 9, score: risk}
  - {id: fresh, label: Fresh, activity: visit, points: 1, score: new}
"""


def several(desk: Desk, after: str = SCORES_AFTER) -> None:
    desk.before.write_text(SCORES_BEFORE)
    desk.after.write_text(after)


def test_every_score_is_compared_by_its_name(desk: Desk) -> None:
    several(desk)
    before, after = desk.scores(desk.before), desk.scores(desk.after)
    rows = {str(row["id"]): row for row in desk.rows()}
    seen = ("score", "score_risk", *STATES)
    assert set(rows) == {
        id_ for id_ in before if any(before[id_][name] != after[id_][name] for name in seen)
    }
    assert 10 < len(rows) < 60
    for id_, row in rows.items():
        for name in ("score", "points", "score_risk", "points_risk"):
            found = row[f"{name}_before"], row[f"{name}_after"]
            assert found == (before[id_][name], after[id_][name])
        assert (row["score_change"], row["score_new_before"]) == (0, None)
        assert row["score_risk_change"] == row["score_risk_after"] - row["score_risk_before"]  # type: ignore[operator]  # numbers
        assert row["points_new_after"] == after[id_]["points_new"]
        assert (row["points_old_before"], row["score_old_after"]) == (
            before[id_]["points_old"],
            None,
        )
        changes = row["changes"]
        assert isinstance(changes, list)
        assert {change["score"] for change in changes} == {"risk"}
        moved = row["points_risk_after"] - row["points_risk_before"]  # type: ignore[operator]  # numbers
        assert sum(change["change"] for change in changes) == moved


def test_a_score_of_one_file_alone_is_told_and_changes_nobody(desk: Desk) -> None:
    several(
        desk,
        SCORES_BEFORE.replace("old: {label: Old}", "new: {label: New}").replace(": old}", ": new}"),
    )
    report = desk.diff()
    assert (report.differing, report.points_only) == (0, 0)
    assert desk.rows() == []
    papers = [row for row in desk.scores(desk.before).values() if row["points_old"]]
    assert [(score.name, score.fate, score.with_points) for score in report.scores] == [
        ("engagement", "compared", 0),
        ("risk", "compared", 0),
        ("old", "removed", len(papers)),
        ("new", "added", len(papers)),
    ]
    removed, added, hint = report.remarks
    assert removed == (
        f"Score «Old» is removed: only {desk.before} has it, {len(papers)} contacts have points in"
        " it there. This counts as a change of nobody."
    )
    assert added.startswith(f"Score «New» is added: only {desk.after} has it, ")
    assert hint.startswith("A score is known by its name")


def test_another_score_that_leads_is_no_change_of_the_scores(desk: Desk) -> None:
    several(desk, SCORES_BEFORE + "stages: {score: risk}\n")
    report, rows = desk.diff(), desk.rows()
    assert [(score.name, score.up, score.down) for score in report.compared] == [
        ("engagement", 0, 0),
        ("risk", 0, 0),
        ("old", 0, 0),
    ]
    assert list(report.remarks) == [
        "Stages, temperature and hand-offs go by «Engagement» before and by «Risk» after."
    ]
    assert report.moves
    assert {row["score_change"] for row in rows} == {None}
    before, after = desk.scores(desk.before), desk.scores(desk.after)
    for row in rows:
        assert (
            row["score_before"] == row["score_engagement_before"] == before[str(row["id"])]["score"]
        )
        assert row["score_after"] == row["score_risk_after"] == after[str(row["id"])]["score"]
        assert row["changes"] == []


def test_the_only_score_under_another_name_is_compared_with_nothing(desk: Desk) -> None:
    desk.after.write_text(AFTER + "score: {name: interest}\n")
    report, rows = desk.diff(), desk.rows()
    assert [(score.name, score.fate) for score in report.scores] == [
        ("engagement", "removed"),
        ("interest", "added"),
    ]
    assert report.differing == len(rows) > 0
    assert [row["id"] for row in report.rows] == sorted(str(row["id"]) for row in rows)[:10]
    states = [tuple(row[f"{name}_{when}"] for name in STATES) for row in rows for when in WHEN]
    assert all(old != new for old, new in zip(states[::2], states[1::2], strict=True))


def test_several_scores_are_told_to_people_and_in_every_form(desk: Desk) -> None:
    several(desk)
    rows = desk.rows()
    desk.diff(out=desk.folder / "out.parquet")
    assert pq.read_table(desk.folder / "out.parquet").to_pylist() == rows
    desk.diff(out=desk.folder / "out.csv")
    with (desk.folder / "out.csv").open(encoding="utf-8-sig", newline="") as lines:
        read = list(csv.DictReader(lines))
    assert [row["score_risk_change"] for row in read] == [
        str(row["score_risk_change"]) for row in rows
    ]
    assert {row["score_old_after"] for row in read} == {""}
    assert "Visit (Risk) 6 → 9" in {change for row in read for change in row["changes"].split("; ")}
    asked = ("rules", "diff", "before.yaml", "after.yaml", "--on", ".", "--as-of", "2026-06-01")
    told = leadripe(*asked, cwd=desk.folder)
    report = desk.diff()
    (risk,) = (score for score in report.scores if score.name == "risk")
    # Nobody's leading score changes: its totals say so, and it needs no histogram.
    assert re.findall("Change of the score «(.*)»", told.out) == ["Risk"]
    totals = dict(re.findall(r"^score «(.*)» +(\d+ +\d+ +\d+)$", told.out, re.MULTILINE))
    assert {name: [int(each) for each in found.split()] for name, found in totals.items()} == {
        "Engagement": [0, 0, 0],
        "Risk": [risk.up + risk.down, risk.up, risk.down],
    }
    assert "Score «New» is added: only after.yaml has it, " in told.out
    assert "  Risk 12 → 18 (+6)  " in told.out
    plain = leadripe(*asked, "--json", cwd=desk.folder)
    assert "Score «Old» is removed: only before.yaml has it, " in plain.err
    assert [orjson.loads(line) for line in plain.out.splitlines()] == rows


def test_a_script_gets_the_totals_beside_the_file(desk: Desk) -> None:
    several(desk, SCORES_AFTER.replace("points: 20", "points: 55"))
    asked = ("rules", "diff", "before.yaml", "after.yaml", "--on", ".", "--as-of", "2026-06-01")
    totals = leadripe(*asked, "--json", "--out", "rows.csv", cwd=desk.folder).json()
    report, rows = desk.diff(), desk.rows()
    with (desk.folder / "rows.csv").open(encoding="utf-8-sig", newline="") as lines:
        assert len(list(csv.DictReader(lines))) == len(rows) == totals["differing"]
    engagement, risk, old, new = totals["scores"]
    assert engagement == {
        "name": "engagement",
        "label": "Engagement",
        "fate": "compared",
        "more": len([row for row in rows if int(str(row["score_change"])) > 0]),
        "less": 0,
    }
    assert (risk["more"], risk["less"]) == (report.scores[1].up, report.scores[1].down)
    assert (old["fate"], new["fate"]) == ("removed", "added")
    for name in ("stage", "temperature", "grade"):
        assert totals[name] == len([r for r in rows if r[f"{name}_before"] != r[f"{name}_after"]])
    assert totals["temperature"] > 0
    assert sum(each["contacts"] for each in totals["moves"]) == totals["temperature"]
    assert totals["hand_off"]["gained"] == report.hand_offs_gained
    assert totals["notes"][0].startswith("Score «Old» is removed: ")


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
    assert "does not read" not in told.err
    more = "\ncontact_rules: [{id: big, where: {shoe_size: {gte: 40}}, points: 5}]\n"
    more += "interests: {attribute: subject}\n"
    (tmp_path / "more.yaml").write_text(text.partition("\ninterests:")[0] + more, "utf-8")
    asking = leadripe("rules", "diff", "mappings/rules.yaml", "more.yaml", cwd=tmp_path)
    assert "0 would look different" in asking.out
    said = " ".join(asking.out.split())
    assert "does not read the contact field shoe_size, which one of the two asks for" in said
    assert "does not read the attribute of activities subject, which one" in said
    same = leadripe("rules", "diff", "new.yaml", "new.yaml", cwd=tmp_path)
    assert same.out.startswith("60 contacts under new.yaml")
    assert "0 would look different" in same.out


OF_DEALS = """
opportunities:
  rules:
    - {{id: large, label: Large, where: {{amount: {{gte: {least}}}}}, points: 10}}
    - {{id: chief, label: Chief, contact: {{job_title: {{matches: chief}}}}, points: {points}}}
    - {{id: engaged, label: Engaged, share: {{of: best, percent: 50%}}}}
"""


def with_deals(desk: Desk) -> None:
    """Let both rules give opportunities a score, and the folder have some."""
    desk.after.write_text(desk.before.read_text() + OF_DEALS.format(least=20, points=7))
    desk.before.write_text(desk.before.read_text() + OF_DEALS.format(least=10, points=5))
    deals = [f"d{n},c{n % 30},2026-05-01,{'yes' if n > 50 else 'no'},no,{n}" for n in range(60)]
    desk.write("opportunities.csv", "id,contact_id,created_at,is_closed,is_won,amount", deals)


def test_scores_of_opportunities_are_compared(desk: Desk) -> None:
    with_deals(desk)
    told = desk.diff(top=4).opportunities
    chiefs = {row["id"] for row in desk.people() if "chief" in str(row["job_title"])}
    ups = [n for n in range(51) if f"c{n % 30}" in chiefs]
    expected = {n: 2 * (n in ups) - 10 * (10 <= n < 20) for n in range(51)}
    assert told is not None
    assert (told.fate, told.count) == ("compared", 51)
    assert told.up == sum(change > 0 for change in expected.values())
    assert told.down == sum(change < 0 for change in expected.values())
    most = sorted(expected, key=lambda n: (-abs(expected[n]), f"d{n}"))[:4]
    assert [row["id"] for row in told.rows] == [f"d{n}" for n in most]
    for row in told.rows:
        changes = row["changes"]
        assert isinstance(changes, list)
        assert changes[0]["label"] == "Large"
        total = sum(change["change"] for change in changes)
        assert total == row["points_after"] - row["points_before"]  # type: ignore[operator]  # numbers


def test_a_score_of_opportunities_that_only_one_file_has_is_told(desk: Desk) -> None:
    plain = desk.before.read_text()
    with_deals(desk)
    desk.before.write_text(plain)
    command = ("rules", "diff", desk.before.name, desk.after.name, "--on", ".")
    page = leadripe(*command, "--as-of", "2026-06-01T12:00Z", cwd=desk.folder).out
    assert "Opportunities: only after.yaml gives them a score;" in page
    assert "of 51 open ones have points by it." in page
    told = desk.diff().opportunities
    assert told is not None
    assert told.fate == "added"
    assert desk.diff().differing == 0


def test_opportunities_that_change_are_told_in_the_page_and_the_totals(desk: Desk) -> None:
    with_deals(desk)
    command = ("rules", "diff", desk.before.name, desk.after.name, "--on", ".", "--top", "2")
    page = leadripe(*command, "--as-of", "2026-06-01T12:00Z", cwd=desk.folder).out
    told = desk.diff(top=2).opportunities
    assert told is not None
    assert f"the score of {told.up + told.down} of 51 open ones would differ" in page
    assert "Opportunities that change most" in page
    options = ("--as-of", "2026-06-01T12:00Z", "--json", "--out", "out.csv")
    totals = leadripe(*command, *options, cwd=desk.folder).json()
    assert totals["opportunities"]["more"] == told.up
    assert len(totals["opportunities"]["most"]) == 2
