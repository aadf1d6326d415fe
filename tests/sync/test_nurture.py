"""Tracks, what comes next, and pressure, as fields of the CRM."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from connector.rules.compile import compile_rules
from connector.rules.model import Budget, Content, Nurture, Pressure, RuleSet, Track
from connector.sync.wanted import OUTPUTS
from tests.fakes.people import activity, ana, bob
from tests.sync.office import DAY, PROPERTIES, RULES, Office

MAIL = frozenset({"marketing_email"})
NURTURE = Nurture(
    tracks=(
        Track("start", {"en": "Start"}, stages=frozenset({"lead"})),
        Track("again", {"en": "Again"}, stages=frozenset({"recycled"})),
    ),
    content=(
        Content("tour", {"en": "A tour"}, url="https://www.example.com/tour"),
        Content("erp", {"en": "ERP at a glance"}, topics=("erp",)),
    ),
    attribute="page",
)
PRESSURE = Pressure(MAIL | {"call", "open_task"}, (Budget(MAIL, 1, 7), Budget(MAIL, 4, 30)))
NURSED = replace(RULES, nurture=NURTURE, pressure=PRESSURE)


def nursing(folder: Path, rules: RuleSet = NURSED, *, writes: tuple[str, ...] = OUTPUTS) -> Office:
    office = Office(folder, [ana(), bob()])
    properties = {name: PROPERTIES[name] for name in writes}
    office.settings = replace(
        office.settings, rules=rules, compiled=compile_rules(rules), properties=properties
    )
    return office


def reads(office: Office, page: str, id_: str = "1") -> None:
    office.desk.add(activity(id_, "email_click", ana(), office.clock.now(), page=page))


def mailed(office: Office, id_: str) -> None:
    now = office.clock.now()
    office.desk.add(activity(id_, "marketing_email", ana(), now, is_outbound=True))


def shown(office: Office, *outputs: str) -> list[str | None]:
    return [office.says(ana(), each) for each in outputs]


def test_a_contact_is_on_a_track_and_offered_what_it_has_not_seen(tmp_path: Path) -> None:
    office = nursing(tmp_path)
    reads(office, "elsewhere")
    office.sync()
    content = ("next_content", "next_content_url")
    assert shown(office, "track", "segment") == ["start", "lead.cold.ops"]
    assert shown(office, *content) == ["A tour", "https://www.example.com/tour"]
    reads(office, "ERP systems", "2")
    office.clock.turn(DAY)
    office.sync()
    assert shown(office, *content) == ["ERP at a glance", None], "its interest goes before"
    reads(office, "erp at a glance", "3")
    office.clock.turn(DAY)
    office.sync()
    assert shown(office, *content) == ["A tour", "https://www.example.com/tour"]
    reads(office, "tour", "4")
    office.clock.turn(DAY)
    office.sync()
    assert shown(office, "track", *content) == ["start", None, None], "nothing is left"
    assert office.says(ana(), "track") != office.says(bob(), "track")


def test_a_track_is_paused_with_sales_and_goes_on_when_sales_sends_back(tmp_path: Path) -> None:
    office = nursing(tmp_path)
    office.begin()
    office.desk.add(activity("1", "demo_request", bob(), office.clock.now()))
    office.sync()
    assert office.says(bob(), "track") == "paused"
    assert office.says(bob(), "next_content") is None
    call = office.clock.now() + timedelta(minutes=5)
    office.desk.add(activity("2", "call", bob(), call, is_outbound=True))
    office.clock.turn(DAY)
    office.sync()
    assert office.says(bob(), "track") == "paused", "sales has called: it is theirs now"
    office.desk.edit(bob(), leadripe_verdict="rejected_no_need")
    office.clock.turn(DAY)
    office.sync()
    assert office.says(bob(), "track") == "again"


def test_a_hand_off_of_which_nobody_was_told_pauses_nothing(tmp_path: Path) -> None:
    office = nursing(tmp_path)
    office.desk.add(activity("1", "demo_request", bob(), office.clock.now()))
    report = office.sync()
    assert report.plan is not None
    assert report.plan.withheld == 1
    assert office.says(bob(), "track") == "start"
    again = office.sync()
    assert again.plan is not None
    assert again.plan.writes == 0


def test_who_waits_for_an_owner_s_week_is_nursed_on(tmp_path: Path) -> None:
    hand_off = replace(NURSED.hand_off, weekly_limit=1)
    office = nursing(tmp_path, replace(NURSED, hand_off=hand_off))
    office.begin()
    for each in (ana(), bob()):
        office.desk.add(activity(each.id, "demo_request", each, office.clock.now()))
    report = office.sync()
    assert report.plan is not None
    assert report.plan.queued == 1
    tracks = sorted(str(office.says(each, "track")) for each in (ana(), bob()))
    assert tracks[0] == "paused"
    assert [office.says(each, "sla") for each in (ana(), bob())].count(None) == 1
    again = office.sync()
    assert again.plan is not None
    assert again.plan.writes == 0


def test_a_used_up_budget_says_until_when_and_costs_one_write(tmp_path: Path) -> None:
    writes = tuple(each for each in OUTPUTS if not each.startswith("touches"))
    office = nursing(tmp_path, writes=writes)
    reads(office, "elsewhere")
    office.sync()
    assert shown(office, "do_not_press_until") == [None]
    mailed(office, "1")
    office.clock.turn(timedelta(hours=1))
    office.sync()
    assert shown(office, "do_not_press_until") == ["2026-03-09"]
    before = dict(office.desk.get(ana()).written)
    office.clock.turn(6 * DAY)
    plan = office.plan()
    office.clock.turn(2 * DAY)
    office.sync()
    after = office.desk.get(ana()).written
    assert shown(office, "do_not_press_until") == ["2026-03-09"], "a day that passed is left"
    assert after["leadripe_do_not_press_until"] == before["leadripe_do_not_press_until"]
    assert plan.properties["leadripe_do_not_press_until"] == 0
    for number in range(2, 5):
        mailed(office, str(number))
    office.clock.turn(timedelta(hours=1))
    office.sync()
    assert shown(office, "do_not_press_until") == ["2026-04-01"], "four in 30 days"


def test_touches_are_counted_where_the_mapping_wants_them(tmp_path: Path) -> None:
    office = nursing(tmp_path)
    mailed(office, "1")
    office.sync()
    assert shown(office, "touches_7d", "touches_30d") == ["1", "1"]
    assert office.says(bob(), "touches_7d") == "0"
    office.clock.turn(8 * DAY)
    office.sync()
    assert shown(office, "touches_7d", "touches_30d") == ["0", "1"]


def test_a_larger_budget_takes_a_day_back_that_is_still_to_come(tmp_path: Path) -> None:
    office = nursing(tmp_path)
    mailed(office, "1")
    office.sync()
    assert shown(office, "do_not_press_until") == ["2026-03-09"]
    generous = replace(NURSED, pressure=replace(PRESSURE, budgets=(Budget(MAIL, 9, 7),)))
    office.settings = replace(office.settings, rules=generous, compiled=compile_rules(generous))
    office.clock.turn(DAY)
    office.sync()
    assert shown(office, "do_not_press_until") == [None]


def test_rules_without_these_sections_write_nothing_of_them(tmp_path: Path) -> None:
    office = nursing(tmp_path, RULES)
    reads(office, "elsewhere")
    mailed(office, "1")
    office.sync()
    outputs = ("track", "next_content", "do_not_press_until", "touches_7d")
    assert shown(office, *outputs) == [None] * 4
    assert office.says(ana(), "segment") == "lead.cold.ops"


def test_who_waits_keeps_the_clock_of_the_hand_off_before(tmp_path: Path) -> None:
    hand_off = replace(NURSED.hand_off, weekly_limit=1)
    office = nursing(tmp_path, replace(NURSED, hand_off=hand_off))
    office.begin()
    office.desk.add(activity("1", "demo_request", ana(), office.clock.now()))
    office.sync()
    now = office.clock.now()
    office.clock.turn(timedelta(minutes=30))
    office.desk.add(
        activity("1", "call", ana(), now + timedelta(minutes=20), is_outbound=True),
        activity("2", "demo_request", ana(), now + timedelta(minutes=25)),
    )
    for _ in range(2):
        report = office.sync()
        assert report.plan is not None
        assert report.plan.queued == 1, "the first of the week was hers"
        assert shown(office, "sla", "due_at") == ["met", "2026-03-02T11:00:00Z"]
    assert office.plan().writes == 0
    office.clock.turn(8 * DAY)
    office.sync()
    assert shown(office, "sla", "due_at") == ["running", "2026-03-10T11:30:00Z"]
