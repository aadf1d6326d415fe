"""Open opportunities show their score in the CRM, and stay a person's where a person wrote."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from connector.domain.ids import OpportunityId, RunId
from connector.domain.moment import micros
from connector.domain.numbers import MILLION
from connector.errors import CrmUnavailableError
from connector.ports import Verdict
from connector.results import KeptEdit, KeptWhy, RunReport, UndoSummary
from connector.sync.compare import WritePolicy
from connector.sync.progress import Silent
from connector.sync.run import Stages
from tests.fakes.faults import FailsAt, Faultless
from tests.fakes.people import activity, ana, bob, person
from tests.sync.office import DAY, RULES, Office
from tests.sync.selling import SCORE, SCORED, WHY, D, compiled_scored, deal, scores

HOUR = timedelta(hours=1)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An account with a large deal of Ana, who works in operations and looked at a page."""
    office = scores(Office(tmp_path / "store", [ana(), bob()]))
    office.desk.add(activity("a1", "page_view", ana(), office.clock.now() - HOUR))
    office.desk.add(deal(office.clock, ana(), amount=12_000))
    return office


def says(office: Office, name: str = SCORE, id_: OpportunityId = D) -> str | None:
    found = office.desk.opportunity(id_)
    assert found is not None
    return found.written[name]


def written(report: RunReport) -> int:
    assert report.push is not None
    return report.push.of(Verdict.ACCEPTED, "opportunity")


# ---------------------------------------------------------------------- what is shown


def test_an_open_deal_shows_its_score_and_why(office: Office) -> None:
    report = office.sync()
    assert says(office) == "40"
    assert (
        says(office, WHY)
        == "+20 A large deal\n+15 Operations take part (1 person)\n+5 Engagement (1 person)"
    )
    assert report.plan is not None
    assert (report.plan.opportunities, report.plan.opportunity_writes) == (1, 1)
    assert report.counts["planned_opportunities"] == 1
    assert report.counts["opportunities_accepted"] == 1


def test_a_second_sync_writes_nothing(office: Office) -> None:
    office.sync()
    office.clock.turn(HOUR)
    office.sync()
    plan = office.plan()
    assert plan.is_empty
    assert office.desk.opportunity_writes[D] == 1


def test_a_deal_that_closed_keeps_its_last_score(office: Office) -> None:
    office.sync()
    office.desk.change_opportunity(D, is_closed=True, amount=None)
    office.clock.turn(HOUR)
    report = office.sync()
    assert says(office) == "40"
    assert written(report) == 0
    assert report.plan is not None
    assert report.plan.opportunities == 0


def test_a_deal_that_nobody_takes_part_in_is_scored_by_itself(office: Office) -> None:
    office.desk.add(deal(office.clock, amount=10_000, id_="D2"))
    office.sync()
    assert says(office, id_=OpportunityId("D2")) == "20"


def test_a_deal_without_points_says_so(office: Office) -> None:
    office.desk.add(deal(office.clock, bob(), id_="D2"))
    office.sync()
    assert says(office, id_=OpportunityId("D2")) == "0"
    assert says(office, WHY, OpportunityId("D2")) == "Nothing counts yet"


def test_people_of_several_batches_count_together(office: Office) -> None:
    people = [person(str(n), job_title="Operations") for n in range(100, 240)]
    office.desk.add(*people)
    now = office.clock.now()
    office.desk.add(*(activity(each.id, "demo_request", each, now) for each in people))
    office.desk.add(deal(office.clock, *people, id_="D2"))
    office.sync(accept=True)
    assert says(office, id_=OpportunityId("D2")) == "100"
    reasons = says(office, WHY, OpportunityId("D2")) or ""
    assert "+2100 Engagement" in reasons.splitlines()[0]


def test_only_what_the_mapping_names_is_written(office: Office) -> None:
    scores(office, properties=("score",))
    office.sync()
    assert (says(office), says(office, WHY)) == ("40", None)


def test_without_a_place_to_write_nothing_is_scored(office: Office) -> None:
    scores(office, properties=())
    report = office.sync()
    assert report.plan is not None
    assert report.plan.opportunities == 0
    assert says(office) is None


def test_without_rules_nothing_is_scored(office: Office) -> None:
    scores(office, RULES)
    report = office.sync()
    assert report.plan is not None
    assert report.plan.opportunities == 0


def test_the_language_is_the_account_s(office: Office) -> None:
    words = replace(office.settings, language="fr")
    office.settings = words
    office.sync()
    assert (says(office, WHY) or "").splitlines()[0] == "+20 Une grande affaire"


def test_a_weekly_limit_and_scores_of_opportunities_go_together(office: Office) -> None:
    limited = replace(SCORED, hand_off=replace(SCORED.hand_off, weekly_limit=1))
    scores(office, limited)
    office.begin()
    office.desk.add(person("3"))
    for number, who in enumerate([ana(), bob(), person("3")]):
        office.desk.add(activity(f"d{number}", "demo_request", who, office.clock.now()))
    report = office.sync(create_tasks=True)
    assert report.plan is not None
    assert (report.plan.hand_offs, report.plan.queued) == (1, 1)  # Ana has her deal already
    assert says(office) == "55"


# ---------------------------------------------------------------------- when it is written


def test_what_a_contact_does_moves_its_deal(office: Office) -> None:
    office.begin()
    office.desk.add(activity("a2", "demo_request", ana(), office.clock.now()))
    office.clock.turn(HOUR)
    office.sync()
    assert says(office) == "55"


def test_what_changes_on_the_deal_moves_it(office: Office) -> None:
    office.begin()
    office.desk.change_opportunity(D, amount=5 * MILLION)
    office.sync()
    assert says(office) == "20"


def test_somebody_new_is_shown_though_the_points_hardly_move(office: Office) -> None:
    office.begin()
    office.desk.learn(bob(), job_title="Operations")
    office.desk.change_opportunity(D, contacts=(ana().id, bob().id))
    report = office.sync()
    assert (says(office), written(report)) == ("40", 1)
    assert "(2 people)" in (says(office, WHY) or "")


def test_a_score_that_only_fades_is_written_once_it_moved_enough(office: Office) -> None:
    office.begin()
    office.clock.turn(30 * DAY - 2 * HOUR)  # half of ten is left: two and a half for the deal
    assert written(office.sync()) == 0
    assert says(office) == "40"
    office.clock.turn(30 * DAY)
    assert written(office.sync()) == 1
    assert says(office) == "36"


def test_a_small_move_is_written_once_what_is_shown_is_old(office: Office) -> None:
    office.settings = replace(office.settings, policy=WritePolicy(min_change=50))
    office.begin()
    office.clock.turn(29 * DAY)
    assert written(office.sync()) == 0
    office.clock.turn(2 * DAY)
    assert written(office.sync()) == 1
    assert says(office) == "37"


def test_a_label_that_changes_is_shown(office: Office) -> None:
    office.begin()
    told = SCORED.opportunities
    assert told is not None
    first, *rest = told.rules
    renamed = replace(first, label={"en": "Ten thousand and more"})
    scores(office, replace(SCORED, opportunities=replace(told, rules=(renamed, *rest))))
    office.sync()
    assert (says(office, WHY) or "").splitlines()[0] == "+20 Ten thousand and more"


def test_a_label_of_opportunities_lets_no_contact_be_written(office: Office) -> None:
    office.begin()
    told = SCORED.opportunities
    assert told is not None
    first, *rest = told.rules
    renamed = replace(first, label={"en": "Ten thousand and more"})
    scores(office, replace(SCORED, opportunities=replace(told, rules=(renamed, *rest))))
    plan = office.plan()
    assert (plan.writes, plan.opportunity_writes) == (0, 1)


# ---------------------------------------------------------------------- what people do


def test_a_person_s_value_is_kept_and_named(office: Office) -> None:
    office.begin()
    office.desk.write_on_opportunity(D, **{SCORE: "99"})
    office.desk.change_opportunity(D, amount=5 * MILLION)
    report = office.sync()
    assert says(office) == "99"
    assert says(office, WHY) == "+15 Operations take part (1 person)\n+5 Engagement (1 person)"
    assert report.plan is not None
    assert report.plan.kept == [KeptEdit(None, SCORE, D)]


def test_a_value_that_a_person_clears_is_ours_again(office: Office) -> None:
    office.begin()
    office.desk.write_on_opportunity(D, **{SCORE: "99"})
    office.sync()
    office.desk.write_on_opportunity(D, **{SCORE: None})
    office.sync()
    assert says(office) == "40"


def test_an_edit_that_the_pull_did_not_see_is_seen_before_writing(office: Office) -> None:
    office.begin()
    office.desk.add(activity("a2", "demo_request", ana(), office.clock.now()))
    with office.store() as store:
        office.run_on(store, "pull", Stages(plans=False, pushes=False))
    office.desk.write_on_opportunity(D, **{SCORE: "99"})
    report = office.run("plan", Stages(pulls=False))
    assert says(office) == "99"
    assert report.plan is not None
    assert report.plan.kept == [KeptEdit(None, SCORE, D)]


def test_a_deal_that_closes_before_it_is_written_keeps_its_score(office: Office) -> None:
    office.begin()
    office.desk.add(activity("a2", "demo_request", ana(), office.clock.now()))
    with office.store() as store:
        office.run_on(store, "pull", Stages(plans=False, pushes=False))
    office.desk.change_opportunity(D, is_closed=True)
    office.run("plan", Stages(pulls=False))
    assert says(office) == "40"


def test_a_deleted_deal_is_forgotten(office: Office) -> None:
    office.begin()
    office.desk.add(activity("a2", "demo_request", ana(), office.clock.now()))
    office.desk.delete_opportunity(D)
    report = office.sync()
    assert report.push is not None
    assert report.push.of(Verdict.GONE, "opportunity") == 1
    assert report.push.deleted == []
    assert office.sync().plan is not None
    assert office.plan().is_empty


def test_our_own_writes_are_no_touch_that_keeps_a_prospect(office: Office) -> None:
    office.begin()
    with office.store() as store:
        before = store.find_contact(ana().id)
        assert before is not None
        (row,) = store.load_facts_of(before.no, compiled_scored()).opportunity.to_pylist()
    office.clock.turn(HOUR)
    office.sync()
    with office.store() as store:
        (later,) = store.load_facts_of(before.no, compiled_scored()).opportunity.to_pylist()
    assert later["changed_us"] == row["changed_us"] == micros(office.clock.now() - 2 * HOUR - DAY)


# ---------------------------------------------------------------------- what goes wrong


def test_a_refused_write_waits_for_an_admin(office: Office) -> None:
    refused = office.desk.opportunity(D)
    assert refused is not None
    office.desk.refuse(refused, "the field is locked")
    report = office.sync()
    assert report.refused == 1
    assert report.push is not None
    assert report.push.refusals == [("opportunity", "the field is locked")]
    office.clock.turn(HOUR)
    sent = office.crm.calls["opportunity"]
    plan = office.sync().plan
    assert plan is not None
    assert plan.opportunity_writes == 0
    assert office.crm.calls["opportunity"] == sent, "it would be refused again"
    office.desk.relent(refused)
    with office.store() as store:
        assert store.retry_refused() == 1
    office.sync()
    assert says(office) == "40"


def test_a_write_without_an_answer_is_sent_again(office: Office) -> None:
    silent = office.desk.opportunity(D)
    assert silent is not None
    office.desk.silence(silent)
    report = office.sync()
    assert report.outcome == "partial"
    assert says(office) is None
    office.sync()
    assert says(office) == "40"


def test_what_waits_may_still_arrive_so_the_old_value_is_written_again(office: Office) -> None:
    office.begin()
    silent = office.desk.change_opportunity(D, amount=5 * MILLION)
    office.desk.silence(silent)
    office.sync()
    office.desk.change_opportunity(D, amount=12_000 * MILLION)
    assert written(office.sync()) == 1
    assert says(office) == "40"


def test_cut_off_anywhere_the_next_sync_makes_it_good(tmp_path: Path) -> None:
    for at in count(1):
        office = scores(Office(tmp_path / str(at), [ana()]))
        office.desk.add(activity("a1", "page_view", ana(), office.clock.now() - HOUR))
        office.desk.add(deal(office.clock, ana(), amount=12_000))
        office.crm.faults = FailsAt(at, loses_answer=True)
        was_cut = False
        try:
            office.sync()
        except CrmUnavailableError:
            was_cut = True
        office.crm.faults = Faultless()
        with suppress(CrmUnavailableError):
            office.sync()
        assert says(office) == "40", at
        assert office.plan().is_empty, at
        if not was_cut:
            assert at > 6
            return


# ---------------------------------------------------------------------- past and offline


def test_a_plan_of_a_past_instant_scores_what_was_true_then(office: Office) -> None:
    office.begin()
    office.clock.turn(DAY)
    office.desk.change_opportunity(D, amount=5 * MILLION)
    office.sync()
    then = office.clock.now() - DAY
    report = office.run("plan", Stages(pulls=False, dry_run=True, as_of=then))
    assert report.plan is not None
    (change,) = [each for each in report.plan.sample if each.property == SCORE]
    assert (change.opportunity, change.before, change.after) == (D, "20", "40")


# ---------------------------------------------------------------------- undo


def undo(office: Office, run: RunId, *, dry_run: bool = False) -> UndoSummary:
    with office.store() as store:
        report = office.runner(store).undo(run, Silent(), dry_run=dry_run)
    assert report.undo is not None
    return report.undo


def test_what_a_run_wrote_can_be_taken_back(office: Office) -> None:
    office.desk.write_on_opportunity(D, **{SCORE: "7"})
    run = office.sync().run
    assert says(office) == "40"
    looked = undo(office, run, dry_run=True)
    assert (looked.opportunities_written, looked.opportunities) == (1, 1)
    assert says(office) == "40"
    done = undo(office, run)
    assert (says(office), says(office, WHY)) == ("7", None)
    assert done.properties[f"opportunities/{SCORE}"] == 1
    assert done.estimate.opportunities == 1
    again = undo(office, run)
    assert (again.opportunities, again.undone) == (0, again.undone)


def test_what_a_person_changed_since_is_left(office: Office) -> None:
    run = office.sync().run
    office.desk.write_on_opportunity(D, **{SCORE: "99"})
    summary = undo(office, run)
    assert (says(office), says(office, WHY)) == ("99", None)
    assert [each.opportunity for each in summary.kept_values if each.why is KeptWhy.PERSON] == [D]


def test_a_deal_that_is_gone_is_left_out(office: Office) -> None:
    run = office.sync().run
    office.desk.delete_opportunity(D)
    assert undo(office, run).deleted == 1


def test_a_write_whose_answer_was_lost_is_taken_back_too(office: Office) -> None:
    for at in count(6):
        assert at < 20, "no call wrote to a deal"
        office.crm.faults = FailsAt(at, loses_answer=True)
        with suppress(CrmUnavailableError):
            office.sync()
        office.crm.faults = Faultless()
        with office.store() as store:
            run = store.load_runs(1)[0].id
            lost = store.count()["waiting_opportunities"]
        if lost and says(office) == "40":
            break
        office.desk.write_on_opportunity(D, **{SCORE: None, WHY: None})
        office.clock.turn(HOUR)
    undo(office, run)
    assert (says(office), says(office, WHY)) == (None, None)
