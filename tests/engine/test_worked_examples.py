"""The worked examples of `docs/rules.md` come out as they are told there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connector.config.rules_file import load_rules
from connector.domain.moment import Moment, date_of, micros
from connector.ports import Evaluation, Facts
from connector.rules.compile import compile_rules
from connector.rules.model import RuleSet
from tests.engine.story import ENGINE, Row, table, with_folded

ROOT = Path(__file__).parents[2]
PARIS = ZoneInfo("Europe/Paris")
SHIPPED = load_rules(ROOT / "mappings" / "rules.yaml")


def on(text: str) -> datetime:
    """Return a moment of 2026 in Paris: `03-06 16:30`."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=PARIS)


def example(folder: Path, heading: str) -> RuleSet:
    """Return the rules of the first example below a heading of the page."""
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    chapter = page.partition(f"\n{heading}")[2]
    found = re.search(r"^```yaml\n(.*?)^```", chapter, re.DOTALL | re.MULTILINE)
    assert found
    path = folder / "rules.yaml"
    lacking = "version: 1\nrules: [{id: a, activity: x, points: 1}]\n"
    path.write_text(lacking + found[1], encoding="utf-8")
    return load_rules(path)


def did(kind: str, at: datetime, *, outbound: bool = False, **attributes: object) -> Row:
    moment = Moment.at(at, PARIS)
    return {
        "contact": 1,
        "activity": f"{kind}-{moment.us}-{attributes.get('asset')}",
        "type": kind,
        "occurred_us": moment.us,
        "day": moment.day,
        "is_outbound": outbound,
        **with_folded("a_", attributes),
    }


def seen(
    rules: RuleSet, at: datetime, activities: Sequence[Row] = (), state: Row | None = None
) -> Evaluation:
    """Evaluate Ana."""
    ana = {"contact": 1, **with_folded("f_", {"first_name": "Ana", "email": "ana@example.org"})}
    states = [{"contact": 1, **state}] if state else []
    facts = Facts(
        contact=table([ana]),
        activity=table(activities),
        opportunity=table([]),
        state=table(states),
    )
    return ENGINE.evaluate(compile_rules(rules), facts, at=Moment.at(at, PARIS))


def score(evaluation: Evaluation) -> Mapping[str, object]:
    (row,) = evaluation.score.to_pylist()
    return dict(row)


def handed_off(at: datetime, reason: str) -> Row:
    return {
        "stage": "lead",
        "temperature": "hot",
        "handed_off_us": micros(at),
        "hand_off_reason": reason,
        "hand_off_open": True,
    }


@pytest.mark.parametrize(
    ("reason", "at", "sla"),
    [
        ("points", "03-06 16:30", "running"),
        ("points", "03-07 12:00", "running"),
        ("points", "03-09 14:14", "running"),
        ("points", "03-09 14:15", "warned"),
        ("points", "03-09 16:29", "warned"),
        ("points", "03-09 16:30", "breached"),
        ("points", "03-10 16:29", "breached"),
        ("points", "03-10 16:30", "escalated"),
        ("need", "03-06 17:14", "running"),
        ("need", "03-06 17:15", "warned"),
        ("need", "03-06 17:30", "breached"),
        ("need", "03-09 09:29", "breached"),
        ("need", "03-09 09:30", "escalated"),
    ],
)
def test_the_clock_stands_where_the_page_says(reason: str, at: str, sla: str) -> None:
    found = score(seen(SHIPPED, on(at), state=handed_off(on("03-06 16:30"), reason)))
    due = on("03-09 16:30") if reason == "points" else on("03-06 17:30")
    assert (found["sla"], found["due_us"]) == (sla, micros(due))


@pytest.mark.parametrize(("called", "sla"), [("03-09 16:29", "met"), ("03-09 16:30", "late")])
def test_a_call_stops_the_clock(called: str, sla: str) -> None:
    call = did("call", on(called), outbound=True)
    found = score(seen(SHIPPED, on("03-11 09:00"), [call], handed_off(on("03-06 16:30"), "points")))
    assert (found["sla"], found["answered_us"]) == (sla, call["occurred_us"])


def test_a_working_day_with_a_break_is_as_long_as_its_hours(tmp_path: Path) -> None:
    rules = example(tmp_path, "### How sales is kept to its word")
    assert (rules.hand_off.sla.need, rules.hand_off.sla.points) == (90, 480)
    found = score(seen(rules, on("12-24 17:00"), state=handed_off(on("12-24 16:30"), "points")))
    # An hour and a half on Thursday, none on Christmas Day nor at the weekend, the rest on Monday.
    assert found["due_us"] == micros(on("12-28 16:30"))


REJECTED = on("03-02 10:00")


@pytest.mark.parametrize(
    ("until", "at", "stage"),
    [
        (None, "04-30", "recycled"),
        (None, "05-01", "lead"),
        ("09-01", "08-31", "recycled"),
        ("09-01", "09-01", "lead"),
        ("03-16", "03-15", "recycled"),
        ("03-16", "03-16", "lead"),
        ("03-02", "04-30", "recycled"),  # says nothing
        ("03-02", "05-01", "lead"),
    ],
)
def test_a_rejected_contact_rests_until_the_day_that_sales_named(
    until: str | None, at: str, stage: str
) -> None:
    found = score(seen(SHIPPED, on(f"{at} 12:00"), state=rejected(until)))
    assert (found["stage"], found["gate_free"]) == (stage, stage == "lead")


def rejected(until: str | None) -> Row:
    return {
        "stage": "lead",
        "temperature": "warm",
        "verdict": "rejected",
        "verdict_us": micros(REJECTED),
        "not_before_day": until and Moment.at(on(f"{until} 00:00"), PARIS).day,
    }


@pytest.mark.parametrize("until", [None, "09-01"])
def test_a_need_goes_before_every_date(until: str | None) -> None:
    demo = did("demo_request", on("06-01 09:00"))
    found = score(seen(SHIPPED, on("06-01 12:00"), [demo], rejected(until)))
    assert (found["stage"], found["temperature"]) == ("lead", "hot")
    assert (found["handed_off"], found["hand_off_reason"]) == (True, "need")


MAILS = ["03-02", "03-09", "03-16", "03-23"]


@pytest.mark.parametrize(
    ("at", "in_7_days", "in_30_days", "until"),
    [
        ("03-02", 1, 1, "03-09"),
        ("03-09", 1, 2, "03-16"),
        ("03-23", 1, 4, "04-01"),
        ("03-24", 2, 5, "04-01"),
        ("04-01", 0, 3, None),
    ],
)
def test_pressure_is_what_the_page_says(
    tmp_path: Path, at: str, in_7_days: int, in_30_days: int, until: str | None
) -> None:
    rules = example(tmp_path, "## `pressure`: how often a contact is touched")
    sent = [did("marketing_email", on(f"{day} 10:00"), outbound=True) for day in MAILS]
    if at == "03-24":
        sent.append(did("call", on("03-24 10:00"), outbound=True))
    table_ = seen(rules, on(f"{at} 12:00"), sent).pressure  # what is still to come does not count
    assert table_ is not None
    (row,) = table_.to_pylist()
    told = row["until_day"] and date_of(row["until_day"]).strftime("%m-%d")
    assert (row["touches_7d"], row["touches_30d"], told) == (in_7_days, in_30_days, until)


def test_nurture_goes_on_as_the_page_tells_it(tmp_path: Path) -> None:
    nurture = example(tmp_path, "## `nurture`: which track, and what comes next").nurture
    rules = replace(SHIPPED, nurture=nurture)
    at = on("03-02 12:00")

    def download(kind: str, asset: str, topic: str) -> Row:
        ago = timedelta(minutes=5)
        return did("content_download", at - ago, asset_kind=kind, asset=asset, topic=topic)

    def told(*happened: Row, state: Row | None = None) -> tuple[object, ...]:
        evaluation = seen(rules, at, happened, state)
        found = score(evaluation)
        assert evaluation.nurture is not None
        (row,) = evaluation.nurture.to_pylist()
        return found["stage"], found["temperature"], found["points"], row["track"], row["content"]

    guide = download("guide", "Security for beginners", "security")
    paper = download("white_paper", "Security at a glance", "security")
    studies = [download("case_study", name, "security") for name in ("One", "Two")]
    workflow = download("guide", "Guide to workflow automation", "workflow")
    demo = did("demo_request", at - timedelta(minutes=5))
    read = [guide, paper, *studies, workflow]
    assert told(guide) == ("lead", "cold", 5_000_000, "welcome", "security_paper")
    assert told(guide, paper) == ("lead", "cold", 10_000_000, "welcome", "workflow_guide")
    assert told(guide, paper, *studies) == (
        *("lead", "warm", 25_000_000),
        *("deepen", "workflow_guide"),
    )
    assert told(*read)[3:] == ("deepen", "reference_visit")
    assert told(*read, demo)[3:] == ("paused", None)
    with_sales = handed_off(at - timedelta(minutes=2), "need")
    verdict = {"verdict": "rejected", "verdict_us": micros(at - timedelta(minutes=1))}
    assert told(*read, demo, state=with_sales)[3:] == ("paused", None)
    stage, *_, track, content = told(*read, demo, state=with_sales | verdict)
    assert (stage, track, content) == ("recycled", "wake_up", "reference_visit")
