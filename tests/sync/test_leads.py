"""The label of a contact's open lead shows its temperature, and stays a person's who chose it."""

import itertools
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from connector.domain.contact import Contact
from connector.domain.ids import ContactId, LeadId, RunId
from connector.errors import CrmUnavailableError
from connector.ports import KnownContact, KnownLead, Native, Verdict
from connector.results import KeptEdit, RunReport, UndoSummary
from connector.sync.leads import label_values, lagging
from connector.sync.plan import PlanSettings
from connector.sync.progress import Silent
from connector.sync.run import Parts, Runner
from tests.fakes.clock import FakeClock
from tests.fakes.faults import FailsAt, Faultless
from tests.fakes.leads import LABEL, OPTIONS, FakeLeadCrm, lead
from tests.fakes.people import activity, ana, bob, person
from tests.sync.office import DAY, Office, engine

HOUR = timedelta(hours=1)
WRITE = {"lead_cold": "COLD", "lead_warm": "WARM", "lead_hot": "HOT", "prospect_hot": "HOT"}
LABELS = Native(LABEL, WRITE, order=OPTIONS)
WARM = ["lead_warm", "lead"]
FIRST, SECOND = LeadId("L1"), LeadId("L2")
ON_FIRST = "leads/L1/label"
TO_LEAD = 9
"""The call that labels: behind five streams, a look at contact and lead, and the contact."""


# -- what should be shown


def known(
    found: str | None,
    wrote: str | None = None,
    waiting: str | None = None,
    *,
    returning: bool = False,
) -> KnownContact:
    ours = {} if wrote is None else {ON_FIRST: wrote}
    return KnownContact(
        no=1,
        id=ContactId("1"),
        owner=None,
        found={},
        wrote={},
        fields={},
        is_fresh=True,
        returning=[ON_FIRST] if returning else (),
        lead=KnownLead(FIRST, {ON_FIRST: found}, ours, is_fresh=True),
        lead_waiting={} if waiting is None else {ON_FIRST: waiting},
    )


@pytest.mark.parametrize(
    ("contact", "set_to"),
    [
        pytest.param(known(None), "WARM", id="an empty one is filled"),
        pytest.param(known("WARM"), None, id="what is right is left"),
        pytest.param(known("COLD"), "WARM", id="a person's lower one is raised"),
        pytest.param(known("HOT"), None, id="a person's higher one is never lowered"),
        pytest.param(known("FROZEN"), None, id="one that stands for no temperature is left"),
        pytest.param(known("HOT", "HOT"), "WARM", id="ours follows down"),
        pytest.param(known("COLD", "COLD"), "WARM", id="ours follows up"),
        pytest.param(known(None, "HOT"), "WARM", id="one that was cleared is ours again"),
        pytest.param(known("HOT", None, "HOT"), "WARM", id="it may have arrived unanswered"),
        pytest.param(known("WARM", None, "WARM"), "WARM", id="nobody knows yet that it is ours"),
    ],
)
def test_what_a_label_becomes_for_a_warm_contact(contact: KnownContact, set_to: str | None) -> None:
    values, kept = label_values(LABELS, WARM, contact)
    assert values == ({ON_FIRST: set_to} if set_to else {})
    assert kept == []


@pytest.mark.parametrize(
    "contact",
    [
        pytest.param(known("COLD", "HOT"), id="lower"),
        pytest.param(known("HOT", "COLD"), id="higher"),
        pytest.param(known("FROZEN", "COLD"), id="of their own"),
        pytest.param(known("HOT", "COLD", "HOT", returning=True), id="on its way back to them"),
    ],
)
def test_what_a_person_chose_after_us_is_kept(contact: KnownContact) -> None:
    assert label_values(LABELS, WARM, contact) == ({}, [ON_FIRST])


def test_without_an_option_or_a_lead_nothing_is_to_be_set() -> None:
    bare = KnownContact(1, ContactId("1"), None, {}, {}, {}, is_fresh=True)
    assert label_values(LABELS, ["suspect"], known("HOT", "HOT")) == ({}, [])
    assert label_values(LABELS, ["prospect_cold", "prospect"], known("HOT", "HOT")) == ({}, [])
    assert label_values(LABELS, WARM, bare) == ({}, [])
    other = Native("heat", WRITE, order=OPTIONS)
    assert label_values(other, WARM, known(None)) == ({}, []), "what stands there is not known"


def test_only_leads_that_show_something_else_are_looked_at() -> None:
    score = pa.table(
        {
            "contact": [1, 2, 3, 4, 5],
            "stage": ["lead", "lead", "suspect", "lead", "prospect"],
            "temperature": ["hot", "hot", "", "cold", "cold"],
            "hand_off_open": [False, True, False, False, False],
        }
    )
    shown = ["HOT", "WARM", "HOT", None, "COLD"]
    leads = pa.table({"contact": pa.array([1, 2, 3, 4, 5], pa.int64()), "label": shown})
    deals = pa.array([5], pa.int64())
    assert lagging(LABELS, leads, score, deals).to_pylist() == [2, 4]
    assert lagging(LABELS, leads.slice(0, 0), score, deals).to_pylist() == []
    sold = Native(LABEL, {"open_deal": "HOT"}, order=OPTIONS)
    assert lagging(sold, leads, score, deals).to_pylist() == [5]


# -- whole runs


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Return an account in which Bob is warm, and his lead labelled so."""
    office = opened(tmp_path / "office")
    earn(office, "1", "2")
    office.desk.add(lead(FIRST, bob(), office.clock.now()))
    office.begin()
    office.sync()  # reads the echoes: from now on nothing is fresh by itself
    return office


def opened(folder: Path) -> Office:
    clock = FakeClock()
    crm = FakeLeadCrm(clock, [ana(), bob()])
    return Office(folder, crm=crm, clock=clock, label=LABELS)


def earn(office: Office, *ids: str, of: Contact | None = None) -> None:
    now = office.clock.now()
    office.desk.add(*(activity(id_, "page_view", of or bob(), now) for id_ in ids))


def label(office: Office, id_: LeadId = FIRST) -> str | None:
    found = office.desk.lead(id_)
    assert found is not None
    return found.written[LABEL]


def warm_up(office: Office) -> None:
    office.clock.turn(HOUR)
    earn(office, "3", "4", "5")


def plan_of(report: RunReport) -> tuple[int, int]:
    """Return how many contacts, and how many leads were to be written."""
    assert report.plan is not None
    return report.plan.writes, report.plan.leads


def test_a_label_follows_the_temperature_up_and_down(office: Office) -> None:
    assert label(office) == "WARM"
    assert office.plan().is_empty
    warm_up(office)
    report = office.sync()
    assert label(office) == "HOT"
    assert (report.counts["leads_accepted"], report.counts["planned_leads"]) == (1, 1)
    assert report.counts["write_calls"] == report.counts["planned_calls"]
    for days in (120, 30):
        office.clock.turn(days * DAY)
        office.sync(accept=True)
    assert office.says(bob(), "temperature") == "cold"
    assert label(office) == "COLD"


def test_a_lead_that_sales_opens_later_is_labelled_though_its_contact_rests(
    office: Office,
) -> None:
    office.clock.turn(HOUR)
    office.desk.change_lead(FIRST, is_open=False)
    office.desk.add(lead(SECOND, bob(), office.clock.now()))
    before, echoes = office.crm.calls, list(office.crm.echoes)
    report = office.sync()
    assert plan_of(report) == (0, 1)
    assert office.crm.echoes == echoes, "no contact changed by it that would have to be left out"
    assert (label(office, FIRST), label(office, SECOND)) == ("WARM", "WARM")
    assert {name: count - before.get(name, 0) for name, count in office.crm.calls.items()} == {
        "read": 5,  # the streams
        "write": 0,
        "lead": 1,
    }


def test_of_several_open_leads_the_one_made_last_is_labelled(office: Office) -> None:
    office.clock.turn(HOUR)
    office.desk.add(lead(SECOND, bob(), office.clock.now()))
    warm_up(office)
    office.sync()
    assert (label(office, FIRST), label(office, SECOND)) == ("WARM", "HOT")


def test_a_person_s_choice_is_kept_and_told_until_they_clear_it(office: Office) -> None:
    office.desk.change_lead(FIRST, label="COLD")
    warm_up(office)
    report = office.sync()
    assert label(office) == "COLD"
    assert office.says(bob(), "temperature") == "hot", "the contact is written all the same"
    for _ in range(2):
        plan = office.plan()
        assert plan.kept == [KeptEdit(bob().id, ON_FIRST)]
        assert plan.is_empty
    office.desk.change_lead(FIRST, label=None)
    report = office.sync()
    assert plan_of(report) == (0, 1)
    assert label(office) == "HOT"


def test_a_label_that_a_person_chose_before_we_came_is_raised_but_never_lowered(
    tmp_path: Path,
) -> None:
    office = opened(tmp_path)
    earn(office, "1", "2")
    earn(office, "3", "4", of=ana())
    now = office.clock.now()
    office.desk.add(lead(FIRST, bob(), now, "HOT"), lead(SECOND, ana(), now, "COLD"))
    office.begin()
    assert (label(office, FIRST), label(office, SECOND)) == ("HOT", "WARM")
    assert office.plan().is_empty


def test_a_choice_that_the_stream_does_not_show_yet_is_seen_before_writing(
    office: Office,
) -> None:
    assert isinstance(office.crm, FakeLeadCrm)
    office.desk.change_lead(FIRST, label="COLD")
    office.crm.lags = True
    warm_up(office)
    before = office.crm.calls["read"]
    report = office.sync()
    assert label(office) == "COLD"
    assert report.plan is not None
    assert report.plan.kept == [KeptEdit(bob().id, ON_FIRST)]
    assert office.crm.calls["read"] - before == 5 + 1, "the streams, and a look at the lead"


def test_a_refused_label_is_parked_and_holds_nothing_else_back(office: Office) -> None:
    office.settings = replaced(
        office, Native(LABEL, {**WRITE, "lead_hot": "BOILING"}, order=OPTIONS)
    )
    warm_up(office)
    report = office.sync()
    assert report.refused == 1
    assert office.says(bob(), "temperature") == "hot"
    assert label(office) == "WARM"
    with office.store() as store:
        (entry,) = store.load_outbox("refused")
    assert (entry.kind, entry.reason) == ("lead", f"BOILING is no option of {ON_FIRST}")
    assert office.sync().counts["write_calls"] == 0, "an admin has to act first"
    office.settings = replaced(office, LABELS)
    office.sync()
    assert label(office) == "HOT"
    assert office.counted()["refused"] == 0


def replaced(office: Office, label: Native) -> PlanSettings:
    return replace(office.settings, label=label)


def test_a_label_that_waits_for_a_lead_that_was_closed_is_taken_back(office: Office) -> None:
    warm_up(office)
    office.crm.faults = FailsAt(TO_LEAD)
    with pytest.raises(CrmUnavailableError):
        office.sync()
    office.crm.faults = Faultless()
    assert office.known(bob()).lead_waiting == {ON_FIRST: "HOT"}
    office.clock.turn(HOUR)
    office.desk.change_lead(FIRST, is_open=False)
    office.sync()
    assert label(office) == "WARM"
    assert office.counted()["waiting"] == 0


def test_a_deleted_lead_is_forgotten_and_its_contact_is_not(office: Office) -> None:
    office.desk.delete_lead(FIRST)
    warm_up(office)
    report = office.sync()
    assert report.push is not None
    assert report.push.verdicts["lead", Verdict.GONE] == 1
    assert report.push.deleted == []
    assert office.known(bob()).lead is None
    assert office.plan().is_empty


def test_the_lead_of_a_merged_contact_is_its_survivor_s(office: Office) -> None:
    office.clock.turn(HOUR)
    office.desk.merge(bob(), into=ana())
    earn(office, "3", "4", "5", "6", "7", of=ana())
    office.sync()
    assert label(office) == "HOT"


def test_without_labels_no_lead_is_read_again_or_written(tmp_path: Path) -> None:
    office = opened(tmp_path)
    office.settings = replace(office.settings, label=None)
    earn(office, "1", "2")
    office.desk.add(lead(FIRST, bob(), office.clock.now()))
    office.begin()
    assert label(office) is None
    assert "lead" not in office.crm.calls


@pytest.mark.parametrize("loses_answer", [False, True], ids=["before", "after"])
def test_a_run_cut_off_at_any_call_is_made_good_by_the_next(
    tmp_path: Path, loses_answer: bool
) -> None:
    start = opened(tmp_path / "start")
    earn(start, "1", "2")
    earn(start, "3", of=ana())
    now = start.clock.now()
    start.desk.add(lead(FIRST, bob(), now), lead(SECOND, ana(), now, "HOT"))
    start.begin()
    start.sync()
    warm_up(start)
    for call in itertools.count(1):
        office = start.fork(tmp_path / str(call))
        office.crm.faults = faults = FailsAt(call, loses_answer=loses_answer)
        with suppress(CrmUnavailableError):
            office.sync()
        office.crm.faults = Faultless()
        office.clock.turn(HOUR / 60)
        office.sync()
        assert (label(office, FIRST), label(office, SECOND)) == ("HOT", "HOT")
        assert office.counted()["waiting"] == 0
        plan = office.plan()
        assert (plan.is_empty, plan.kept) == (True, [])
        known_lead = office.known(bob()).lead
        assert known_lead is not None
        assert known_lead.wrote == {ON_FIRST: "HOT"}
        if not faults.was_reached:
            assert call > TO_LEAD
            return


# -- taking it back


def undo(office: Office, run: RunId, *, dry_run: bool = False) -> UndoSummary:
    with office.store() as store:
        parts = Parts(office.crm, store, engine(), office.clock)
        runner = Runner(parts, office.settings, office.guards)
        report = runner.undo(run, Silent(), dry_run=dry_run)
    assert report.undo is not None
    return report.undo


def test_an_undo_restores_what_leads_showed(tmp_path: Path) -> None:
    office = opened(tmp_path)
    earn(office, "1", "2")
    earn(office, "3", "4", of=ana())
    cleo = person("3")
    earn(office, "5", "6", of=cleo)
    office.desk.add(cleo)
    now, third = office.clock.now(), LeadId("L3")
    office.desk.add(
        lead(FIRST, bob(), now), lead(SECOND, ana(), now, "COLD"), lead(third, cleo, now)
    )
    run = office.sync().run
    office.clock.turn(HOUR)
    assert (label(office, FIRST), label(office, SECOND)) == ("WARM", "WARM")
    office.desk.change_lead(third, label="HOT")
    before = office.crm.calls
    looked = undo(office, run, dry_run=True)
    assert (looked.restores, looked.leads, looked.returned) == (3, 2, 1)
    assert looked.properties["leads/label"] == 2
    assert [each.property for each in looked.kept_values] == ["leads/L3/label"]
    assert (looked.reads, looked.estimate.total) == (2, 2)
    assert office.crm.calls["lead"] == before["lead"]
    undo(office, run)
    assert (label(office, FIRST), label(office, SECOND)) == (None, "COLD")
    assert label(office, third) == "HOT"
    again = office.plan()
    assert KeptEdit(ana().id, "leads/L2/label") in again.kept, "it is the person's again"
    assert undo(office, run).leads == 0


def test_an_undo_leaves_out_a_lead_that_is_deleted(office: Office) -> None:
    warm_up(office)
    run = office.sync().run
    office.desk.delete_lead(FIRST)
    undone = undo(office, run)
    assert (undone.restores, undone.leads) == (1, 0)
    assert [each.property for each in undone.kept_values] == [ON_FIRST]


def test_an_undo_counts_a_label_whose_answer_was_lost(office: Office) -> None:
    warm_up(office)
    office.crm.faults = FailsAt(TO_LEAD, loses_answer=True)
    with pytest.raises(CrmUnavailableError):
        office.sync()
    office.crm.faults = Faultless()
    with office.store() as store:
        run = store.load_runs(1)[0].id
    assert label(office) == "HOT", "it arrived"
    undo(office, run)
    assert label(office) == "WARM"
    assert office.counted()["waiting"] == 0
