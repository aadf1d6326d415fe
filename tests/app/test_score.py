"""Rules and files in, scores out: exact, the same in every form and whatever the order of rows."""

import csv
import io
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from connector.app.score import ScoreResult, score_files
from connector.app.score_output import Form
from connector.domain.numbers import shown
from connector.errors import ConfigError, StoreError, UsageError
from connector.sync.progress import Silent

RULES = """
version: 1
rules:
  - id: paper
    label: {en: White paper, fr: Livre blanc}
    activity: content_download
    where: {asset_kind: guide}
    points: 5
    once_per: asset
    decay: {half_life: 60d}
    group: content
    family: content
  - id: demo
    label: {en: Demo requested, fr: Démonstration demandée}
    activity: demo_request
    points: 20
    once_per: day
    need: true
    family: need
  - id: careers
    label: {en: Careers pages, fr: Pages carrières}
    activity: careers_page_view
    points: -4
groups:
  content: {label: {en: Content, fr: Contenu}, cap: 8}
personas:
  - id: it
    label: {en: IT lead, fr: DSI}
    criteria:
      - {field: job_title, is: {matches: 'head|chief'}, weight: 3}
"""
CONTACTS = (
    "id,first_name,email,job_title",
    "c1,Ann,a@example.org,Head of IT",
    "c2,Zoé,z@example.org,Student",
    "c3,=HYPERLINK(1),,",
    "-c4,,,",
)
ACTIVITIES = (
    "id,contact_id,type,occurred_at,asset,asset_kind",
    "1,c1,content_download,2026-06-01T10:00:00Z,a,Guide",
    "2,c1,content_download,2026-05-02T10:00:00Z,a,guide",
    "3,c1,content_download,2026-06-01T09:00:00Z,b,guide",
    "4,c1,demo_request,2026-05-31,,",
    "5,c2,content_download,2026-04-02T10:00:00+02:00,a,guide",
    "6,c3,careers_page_view,2026-06-01,,",
    "7,c1,demo_request,2026-06-02,,",
)
OPPORTUNITIES = (
    "id,contact_id,created_at,amount,probability,close_date,is_closed,is_won",
    "o1,c2,2026-05-01,9000,60,2026-09-01,false,false",
)
AS_OF = datetime(2026, 6, 1, 12, tzinfo=UTC)
INSTANTS = ("need_at", "due_at")


class Desk:
    """A folder with rules and an export."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("rules.yaml", RULES.splitlines())
        self.write("contacts.csv", CONTACTS)
        self.write("activities.csv", ACTIVITIES)
        self.write("opportunities.csv", OPPORTUNITIES)

    def write(self, name: str, lines: Sequence[str]) -> None:
        (self.folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def score(
        self,
        form: Form = "json",
        *,
        ending: str = "csv",
        as_of: datetime = AS_OF,
        zone: str = "Europe/Paris",
        language: str = "en",
    ) -> ScoreResult:
        return score_files(
            self.folder / "rules.yaml",
            str(self.folder / f"contacts.{ending}"),
            str(self.folder / f"activities.{ending}"),
            str(self.folder / f"opportunities.{ending}"),
            as_of=as_of,
            zone=zone,
            language=language,
            out=None if form == "table" else self.out(form),
            form=form,
            progress=Silent(),
        )

    def out(self, form: str) -> Path:
        return self.folder / f"out.{form}"

    def lines(self) -> list[dict[str, object]]:
        return [orjson.loads(line) for line in self.out("json").read_bytes().splitlines()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_scores_stages_and_reasons_are_exact(desk: Desk) -> None:
    desk.score()
    unscored, ann, zoe, careers = desk.lines()
    assert ann == {
        "id": "c1",
        "score": 28,
        "points": 28_000_000,
        "raw": 28_000_000,
        "fit": 100,
        "grade": "A",
        "persona": "it",
        "stage": "prospect",
        "temperature": "cold",
        "need": True,
        "need_at": "2026-05-30T22:00:00Z",
        "hand_off": True,
        "hand_off_reason": "need",
        "due_at": "2026-06-01T13:00:00Z",
        "sla": "running",
        "interests": None,
        "reasons": [
            {"rule": "demo", "kind": "rule", "label": "Demo requested", "points": 20_000_000,
             "count": 1, "latest": "2026-05-31"},
            {"rule": "paper", "kind": "rule", "label": "White paper", "points": 10_000_000,
             "count": 2, "latest": "2026-06-01"},
            {"rule": "content", "kind": "cap", "label": "Content: limit of the group",
             "points": -2_000_000, "count": None, "latest": None},
        ],
    }  # fmt: skip
    assert (zoe["points"], zoe["score"], zoe["stage"], zoe["temperature"]) == (
        2_500_000,
        3,
        "prospect",
        "hot",
    )
    assert (careers["raw"], careers["points"]) == (-4_000_000, 0)
    assert (unscored["stage"], unscored["temperature"], unscored["reasons"]) == (
        "suspect",
        None,
        [],
    )


def test_reasons_sum_to_the_score(desk: Desk) -> None:
    result = desk.score()
    for row in desk.lines():
        reasons = row["reasons"]
        assert isinstance(reasons, list)
        assert sum(reason["points"] for reason in reasons) == row["points"]
        assert isinstance(row["points"], int)
        assert row["score"] == shown(row["points"])
    assert [row["id"] for row in result.rows] == ["c1", "c2", "-c4", "c3"]


def test_each_further_score_has_columns_of_its_own(desk: Desk) -> None:
    path = desk.folder / "rules.yaml"
    text = path.read_text(encoding="utf-8")
    further = "\nscores: {engagement: {}, risk: {highest: 3}}\nrules:\n"
    risk = "  - {id: risky, activity: demo_request, points: 7.5, score: risk}\n"
    path.write_text(text.replace("\nrules:\n", further + risk), encoding="utf-8")
    desk.score()
    _, ann, zoe, _ = desk.lines()
    assert (ann["score_risk"], ann["points_risk"], ann["points"]) == (3, 3_000_000, 28_000_000)
    assert (zoe["score_risk"], zoe["points_risk"], zoe["need"]) == (0, 0, False)
    desk.score(form="csv")
    header = desk.out("csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert header.startswith("id,score,points,raw,score_risk,points_risk,fit,")


def test_the_result_counts(desk: Desk) -> None:
    result = desk.score("table")
    assert (result.contacts, result.activities, result.opportunities) == (4, 7, 1)
    assert result.hand_offs == 1
    assert result.funnel == {
        ("prospect", "cold"): 1,
        ("prospect", "hot"): 1,
        ("lead", "cold"): 1,
        ("suspect", ""): 1,
    }
    assert len(result.rules_hash) == 64
    assert "contacts: unknown throughout, no such column: last_name, phone" in result.notes


def test_every_form_says_the_same(desk: Desk) -> None:
    for form in ("json", "csv", "parquet"):
        desk.score(form)
    table = pq.read_table(desk.out("parquet"))
    plain = [
        {
            **row,
            **{name: at and f"{at:%Y-%m-%dT%H:%M:%SZ}" for name in INSTANTS for at in (row[name],)},
        }
        for row in table.to_pylist()
    ]
    assert orjson.loads(orjson.dumps(plain)) == desk.lines()
    text = desk.out("csv").read_bytes().decode("utf-8-sig")
    cells = list(csv.DictReader(io.StringIO(text)))
    assert [row["points"] for row in cells] == [str(row["points"]) for row in desk.lines()]
    assert cells[1]["reasons"] == (
        "Demo requested +20 (on 2026-05-31); White paper +10 (2 times, last on 2026-06-01);"
        " Content: limit of the group -2"
    )


def test_a_cell_is_no_formula(desk: Desk) -> None:
    desk.write("rules.yaml", RULES.replace("en: Demo", "en: =Demo").splitlines())
    desk.score("csv")
    text = desk.out("csv").read_bytes().decode("utf-8-sig")
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(text))}
    assert rows["c3"]["raw"] == "-4000000"
    assert "'-c4" in rows
    assert rows["c1"]["reasons"].startswith("'=Demo")


def test_reasons_speak_the_language(desk: Desk) -> None:
    desk.score(language="fr")
    reasons = desk.lines()[1]["reasons"]
    assert isinstance(reasons, list)
    labels = [reason["label"] for reason in reasons]
    assert labels == ["Démonstration demandée", "Livre blanc", "Contenu : plafond du groupe"]


def test_neither_order_nor_format_changes_a_score(desk: Desk) -> None:
    desk.score()
    first = desk.out("json").read_bytes()
    for name, rows in (("contacts", CONTACTS), ("activities", ACTIVITIES)):
        head, *body = rows
        random.Random(7).shuffle(body)  # noqa: S311  an order, no secret
        desk.write(f"{name}.csv", [head, *body])
    desk.score()
    assert desk.out("json").read_bytes() == first
    for name in ("contacts", "activities", "opportunities"):
        as_text = pa_csv.ConvertOptions(
            column_types=dict.fromkeys(
                ["occurred_at", "created_at", "close_date", "is_closed"], pa.string()
            )
        )
        table = pa_csv.read_csv(desk.folder / f"{name}.csv", convert_options=as_text)
        pq.write_table(table, desk.folder / f"{name}.parquet")
    desk.score(ending="parquet")
    assert desk.out("json").read_bytes() == first


def test_ages_count_local_days_across_the_change_of_clocks(desk: Desk) -> None:
    desk.write("activities.csv", [ACTIVITIES[0], "1,c1,content_download,2026-03-28T23:30Z,a,guide"])
    as_of = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)
    one_day = round(round(1_000_000 * 2 ** (-1 / 60)) * 5)
    for zone, latest, points in (
        ("Europe/Paris", date(2026, 3, 29), one_day),
        ("UTC", date(2026, 3, 28), one_day),
        ("America/New_York", date(2026, 3, 28), one_day),
        ("Asia/Tokyo", date(2026, 3, 29), one_day),
    ):
        desk.score(zone=zone, as_of=as_of)
        reasons = desk.lines()[1]["reasons"]
        assert isinstance(reasons, list)
        assert reasons[0]["latest"] == latest.isoformat()
        assert reasons[0]["points"] == points
    desk.score(as_of=datetime(2026, 3, 29, 21, 59, tzinfo=UTC))  # still the same day in Paris
    assert desk.lines()[1]["points"] == 5_000_000


def test_a_mistake_leaves_what_was_there(desk: Desk) -> None:
    desk.score()
    before = desk.out("json").read_bytes()
    desk.write("activities.csv", [ACTIVITIES[0], "1,c1,demo_request,soon,,"])
    with pytest.raises(ConfigError):
        desk.score()
    assert desk.out("json").read_bytes() == before
    assert not list(desk.folder.glob(".*"))


def test_no_contacts_are_no_rows(desk: Desk) -> None:
    desk.write("contacts.csv", CONTACTS[:1])
    desk.write("activities.csv", ACTIVITIES[:1])
    forms: tuple[Form, ...] = ("json", "csv", "parquet")
    for form in forms:
        assert desk.score(form).contacts == 0
    assert desk.lines() == []
    assert pq.read_table(desk.out("parquet")).num_rows == 0


def test_rows_stream_to_whoever_listens(desk: Desk) -> None:
    stream = io.BytesIO()
    score_files(
        desk.folder / "rules.yaml",
        str(desk.folder / "contacts.csv"),
        as_of=AS_OF,
        out=stream,
        form="json",
        progress=Silent(),
    )
    assert len(stream.getvalue().splitlines()) == 4


def test_a_place_that_cannot_be_written_is_said(desk: Desk) -> None:
    with pytest.raises(StoreError, match="could not be written"):
        score_files(
            desk.folder / "rules.yaml",
            str(desk.folder / "contacts.csv"),
            out=desk.folder / "no" / "such.json",
            form="json",
            progress=Silent(),
        )


def test_a_table_is_not_written_to_a_file(desk: Desk) -> None:
    with pytest.raises(UsageError):
        score_files(
            desk.folder / "rules.yaml", "x.csv", out=desk.out("txt"), form="table",
            progress=Silent(),
        )  # fmt: skip


@pytest.mark.parametrize("zone", ["Europe/Pariss", "Europe", "../etc", ""])
def test_a_zone_that_does_not_exist_is_said(desk: Desk, zone: str) -> None:
    with pytest.raises(UsageError, match="no time zone"):
        desk.score(zone=zone)
