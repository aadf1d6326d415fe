"""A past instant asked later gives what was true then, and says what that rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.app.account import Opened, open_account
from connector.app.commands import plan_offline
from connector.app.explain import Explained, explained
from connector.app.score_store import score_store
from connector.config.starter import write_starter
from connector.domain.contact import Activity, Contact, Opportunity
from connector.domain.ids import ActivityId, ContactId, OpportunityId
from connector.domain.moment import Moment, micros
from connector.ports import Account, Page, Verdict
from connector.store import EmbeddedStore
from connector.sync.progress import Silent
from tests.fakes.clock import MONDAY, FakeClock
from tests.leadripe_process import leadripe
from tests.store.shelf import accept, answer, memory, number, write

FEEDBACK, STAGE = "leadripe_feedback", "leadripe_stage"
DAY = timedelta(days=1)


def person(at: datetime, **fields: str) -> Contact:
    known = {"first_name": "Ana", "email": "ana@example.org", "lifecycle_stage": None, **fields}
    known.setdefault("job_title", "")
    return Contact(ContactId("7"), at, known, emails=("ana@example.org",))


def deal(changed: datetime, *, probability: int, is_won: bool = False) -> Opportunity:
    return Opportunity(
        id=OpportunityId("d"),
        contacts=(ContactId("7"),),
        created_us=micros(MONDAY),
        changed_us=micros(changed),
        amount=9_000_000_000,
        probability=probability,
        close_us=micros(MONDAY + 90 * DAY),
        is_closed=is_won,
        is_won=is_won,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder whose store read one contact on three days, and evaluated it on the first."""
    write_starter(tmp_path, "hubspot", None)
    clock = FakeClock()
    opened = open_account(tmp_path / "leadripe.yaml", clock)
    with opened.store(read_only=False) as store, store.lease():
        store.bind("hubspot", Account("1", "Europe/Paris"), "Europe/Paris")
        first = person(MONDAY, job_title="Student")
        store.save_page(
            "c", Page("1", contacts=[first], opportunities=[deal(MONDAY, probability=1)])
        )
        accept(store, score=memory(number(store, "7"), temperature="cold"))
        clock.turn(DAY)
        second = person(clock.now(), job_title="Head of operations", country="France")
        store.save_page("c", Page("2", contacts=[second]))
        clock.turn(DAY)
        won = deal(clock.now(), probability=1_000_000, is_won=True)
        third = replace(second, updated_at=clock.now(), written={FEEDBACK: "accepted"})
        store.save_page("c", Page("3", contacts=[third], opportunities=[won]))
        store.settle_activities()
    return tmp_path


def of(project: Path, days: float) -> Explained:
    return explained(project / "leadripe.yaml", "7", MONDAY + days * DAY)


def test_fields_deals_and_verdict_are_those_of_the_day(project: Path) -> None:
    told = {days: of(project, days).explanation for days in (0.5, 1.5, 2.5)}
    assert [each.blocker for each in told.values()] == ["Student or job seeker", None, None]
    assert [each.grade for each in told.values()] == ["D", "A", "A"]
    assert [each.stage for each in told.values()] == ["prospect", "prospect", "client"]


def test_the_score_of_all_contacts_is_that_of_the_explanation(project: Path) -> None:
    for days, grade, stage in ((0.5, "D", "prospect"), (2.5, "A", "client")):
        at = MONDAY + days * DAY
        config = project / "leadripe.yaml"
        found = score_store(config, as_of=at, out=None, form="table", progress=Silent())
        assert [(row["grade"], row["stage"]) for row in found.rows] == [(grade, stage)]
        assert found.notes[0].startswith("As things stood at 2026-03-0")


def test_a_plan_of_a_past_day_says_what_it_rests_on(project: Path) -> None:
    config = project / "leadripe.yaml"
    at = MONDAY + 0.5 * DAY
    plan = plan_offline(config, create_tasks=False, as_of=at, progress=Silent()).plan
    assert plan is not None
    assert ("lead", "prospect") in plan.moves
    assert "contact fields: as read" in plan.rests_on[2]
    now = plan_offline(config, create_tasks=False, as_of=None, progress=Silent()).plan
    assert now is not None
    assert ("prospect", "client") in now.moves
    assert now.rests_on == ()


def test_before_the_first_reading_the_first_known_values_stand_in_and_it_says_so(
    project: Path,
) -> None:
    told = of(project, -3)
    assert told.explanation.grade == "D"
    assert told.rests_on is not None
    assert not told.rests_on.is_reliable
    assert told.rests_on.warning.startswith("2026-02-27 10:00+01:00 is before 2026-03-02 10:00")
    then = of(project, 0.5).rests_on
    assert then is not None
    assert then.warning.startswith("Where the first known value stands in")
    assert [name for name, basis in then.fields.items() if basis.unasked] == ["country"]
    assert of(project, 1.5).rests_on.warning == ""  # type: ignore[union-attr]  # asked for an instant
    assert explained(project / "leadripe.yaml", "7", None).rests_on is None


def test_what_people_changed_stands_in_the_timeline(project: Path) -> None:
    events = [each for each in of(project, 9).timeline(30).events if each.kind == "change"]
    assert [(each.day.isoformat(), *vars_of(each.changes[0])) for each in events] == [
        ("2026-03-03", "job_title", "Student", "Head of operations"),
        ("2026-03-04", "verdict", None, "accepted"),
    ]
    assert [
        each for each in of(project, 1.5).timeline(30).events if each.kind == "change"
    ] == events[:1]


def vars_of(change: object) -> Sequence[object]:
    return [getattr(change, name) for name in ("property", "before", "after")]


def test_neither_name_nor_address_stands_in_the_timeline(project: Path) -> None:
    with open_account(project / "leadripe.yaml").store(read_only=False) as store, store.lease():
        moved = person(MONDAY + 3 * DAY, first_name="Zoé", job_title="Head of operations")
        store.save_page("c", Page("4", contacts=[replace(moved, emails=("z@example.net",))]))
    told = of(project, 9)
    page = told.page(told.timeline(30))
    assert "Head of operations" in page
    assert "Zoé" not in page
    assert "example" not in page


def test_the_command_line_tells_it_on_the_terminal_and_as_json(project: Path) -> None:
    asked = ("explain", "7", "--as-of", "2026-02-20T12:00Z", "--days", "30")
    told = leadripe(*asked, cwd=project)
    assert "As things stood at 2026-02-20 13:00+01:00, as far as is known:" in told.out
    assert "the first values known stand in for what was not kept" in told.out
    rests_on = leadripe(*asked, "--json", cwd=project).json()["rests_on"]
    assert rests_on["is_reliable"] is False
    assert {each["kind"] for each in rests_on["sources"]} == {
        *("activities", "fields", "opportunities", "memory", "people", "rules"),
    }
    scored = leadripe("score", "--as-of", "2026-03-02T21:00Z", "--json", cwd=project)
    assert scored.json()["grade"] == "D"
    assert "contact fields: as read" in scored.err


def test_two_rules_files_are_compared_as_of_a_past_day(project: Path) -> None:
    rules = project / "mappings" / "rules.yaml"
    text = rules.read_text(encoding="utf-8")
    newer = project / "new.yaml"
    newer.write_text(text.replace("'operations|", "'student|operations|"), encoding="utf-8")
    command = ("rules", "diff", "mappings/rules.yaml", "new.yaml", "--json", "--as-of")
    then = leadripe(*command, "2026-03-02T21:00Z", cwd=project)
    assert (then.json()["grade_before"], then.json()["grade_after"]) == ("D", "A")
    assert "contact fields: as read" in then.err
    now = leadripe(*command[:-1], cwd=project)
    assert now.out == ""  # by now the title fits under both


# ---------------------------------------------------------------- what was computed is found again


@dataclass(frozen=True)
class Seen:
    """What an evaluation said, and when."""

    at: datetime
    score: Mapping[str, object]
    reasons: Sequence[Mapping[str, object]]


class History:
    """An account that lives on: people change things, runs evaluate and remember."""

    def __init__(self, folder: Path, made: Random) -> None:
        write_starter(folder, "hubspot", None)
        self.clock = FakeClock()
        self.made = made
        self.opened: Opened = open_account(folder / "leadripe.yaml", self.clock)
        self.person = person(MONDAY, job_title="Student")
        self.written: dict[str, str | None] = {}

    def live(self, store: EmbeddedStore, steps: int) -> list[Seen]:
        store.bind("hubspot", Account("1", "Europe/Paris"), "Europe/Paris")
        seen = []
        for step in range(steps):
            self.clock.turn(timedelta(hours=self.made.choice((1, 7, 30, 200, 900))))
            self.happen(store, step)
            seen.append(self.run(store))
        return seen

    def happen(self, store: EmbeddedStore, step: int) -> None:
        """Let people and the contact act, and read it."""
        now, made = self.clock.now(), self.made
        title = made.choice(("Student", "Head of operations", "CFO", None))
        self.written = {
            **self.written,
            FEEDBACK: made.choice((None, "accepted", "rejected_no_need")),
        }
        if STAGE in self.written and made.random() < 0.3:
            self.written[STAGE] = made.choice(("client", "lead"))
        contact = replace(person(now, job_title=str(title or "")), written=dict(self.written))
        kind = made.choice(("demo_request", "content_download", "page_view", "meeting_booked"))
        deeds = [Activity(ActivityId(str(step)), kind, micros(now), ContactId("7"))]
        probability = made.choice((100_000, 600_000, 1_000_000))
        deals = [deal(now, probability=probability)] if step == 0 or made.random() < 0.3 else []
        page = Page(str(step), contacts=[contact], activities=deeds, opportunities=deals)
        store.save_page("c", page)
        store.settle_activities()

    def run(self, store: EmbeddedStore) -> Seen:
        """Evaluate as a run does, and a minute later remember it and write the stage."""
        seen, table, move = self.ask(store, self.clock.now(), None)
        self.clock.turn(timedelta(minutes=1))
        no, stage = number(store, "7"), str(seen.score["stage"])
        accept(store, score=table, move=move, writes=[write(no, "7", None, leadripe_stage=stage)])
        answer(store, Verdict.ACCEPTED, leadripe_stage=stage)
        self.written[STAGE] = stage
        self.clock.turn(timedelta(minutes=1))
        return seen

    def ask(
        self, store: EmbeddedStore, at: datetime, then: datetime | None
    ) -> tuple[Seen, pa.Table, pa.Table]:
        _, zone = store.bound() or ("", "UTC")
        facts = store.load_facts_of(number(store, "7"), self.opened.compiled, then)
        found = self.opened.engine.evaluate(
            self.opened.compiled,
            facts,
            at=Moment.at(at, ZoneInfo(zone)),
        )
        (score,) = found.score.to_pylist()
        return Seen(at, score, found.reason.to_pylist()), found.score, found.move


@given(st.integers(0, 2**32))
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_past_instant_asked_later_gives_what_was_said_then(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    history = History(tmp_path_factory.mktemp("history"), Random(seed))  # noqa: S311  no secret
    with history.opened.store(read_only=False) as store, store.lease():
        for then in history.live(store, 6):
            again, _, _ = history.ask(store, then.at, then.at)
            assert again == then
