"""A CRM in which people work and runs are cut off, in any order: it ends as the rules want it.

What people set by hand stays, no task is made twice, and after a run that came through nothing is
left to do.
"""

import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from connector.domain.contact import Contact
from connector.domain.ids import ContactId
from connector.domain.moment import Moment
from connector.domain.numbers import shown
from connector.domain.text import same_value
from connector.errors import CrmUnavailableError
from connector.results import SAMPLE, PlanSummary
from connector.sync.run import Stages
from tests.fakes.faults import FailsAt, Faultless
from tests.fakes.people import LEA, TOM, activity, person
from tests.sync.office import PARIS, PROPERTIES, Office, compiled, engine

BY_HAND = {
    "leadripe_score": st.sampled_from(["1000", "-5"]),
    "leadripe_persona": st.sampled_from(["Somebody", "Anybody"]),
    "leadripe_stage": st.sampled_from(["prospect", "disqualified", "lead"]),
}
EDITS = st.sampled_from(sorted(BY_HAND)).flatmap(
    lambda name: st.tuples(st.just(name), st.none() | BY_HAND[name])
)


def settled(plan: PlanSummary) -> PlanSummary:
    """Return a plan without what depends on when a contact was read: the second look, the order.

    A full sample holds those who came first.
    """
    sample = [] if len(plan.sample) >= SAMPLE else sorted(plan.sample, key=repr)
    return replace(plan, verified=0, sample=sample, kept=sorted(plan.kept, key=repr))


class Account(RuleBasedStateMachine):
    """An account, people who work in it, and what they set by hand."""

    contacts = Bundle("contacts")

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.office = Office(Path(self._folder.name) / "store")
        self.desk = self.office.desk
        self.held: dict[tuple[ContactId, str], str] = {}
        self.survivors: set[ContactId] = set()
        self.made = 0

    def teardown(self) -> None:
        self._folder.cleanup()

    # -- people

    @rule(target=contacts, title=st.sampled_from(["Head of operations", "Intern", None]))
    def meet(self, title: str | None) -> Contact:
        self.made += 1
        someone = person(str(self.made), at=self.office.clock.now(), job_title=title)
        self.desk.add(someone)
        return someone

    @rule(
        who=contacts,
        type_=st.sampled_from(["demo_request", "page_view", "page_view", "email_click", "call"]),
        hours=st.integers(0, 24 * 40),
    )
    def act(self, who: Contact, type_: str, hours: int) -> None:
        self.made += 1
        at = self.office.clock.now() - timedelta(hours=hours)
        self.desk.add(activity(str(self.made), type_, self.desk.get(who), at))

    @rule(who=contacts, edit=EDITS)
    def edit(self, who: Contact, edit: tuple[str, str | None]) -> None:
        name, value = edit
        now = self.desk.get(who)
        self.desk.edit(now, **{name: value})
        if value is None:
            self.held.pop((now.id, name), None)
        elif self._is_news(now, name, value):
            self.held[now.id, name] = value

    def _is_news(self, contact: Contact, name: str, value: str) -> bool:
        """Tell whether our side could know that this is not its own value."""
        with self.office.store() as store:
            known = store.find_contact(contact.id)
        if known is None or not known.wrote:
            return False
        ours = (known.wrote.get(name), known.waiting.get(name))
        return (contact.id, name) in self.held or not any(same_value(value, o) for o in ours)

    @rule(who=contacts, owner=st.sampled_from([LEA, TOM, None]))
    def assign(self, who: Contact, owner: object) -> None:
        self.desk.assign(who, owner)  # type: ignore[arg-type]  # the strategy mixes owners and None

    @rule(who=consumes(contacts))
    def delete(self, who: Contact) -> None:
        self._let_go(self.desk.get(who).id)
        self.desk.delete(who)

    @rule(loser=consumes(contacts), into=contacts)
    def merge(self, loser: Contact, into: Contact) -> None:
        if loser.id == into.id:
            return  # nobody looks at this one again
        self._let_go(loser.id)
        self.desk.merge(loser, into=into)
        self.survivors.add(into.id)

    def _let_go(self, id_: ContactId) -> None:
        self.held = {key: value for key, value in self.held.items() if key[0] != id_}

    @rule()
    def finish_the_tasks(self) -> None:
        for task in self.desk.open_tasks():
            self.desk.complete(task.key)

    @rule(who=contacts)
    def make_the_crm_refuse(self, who: Contact) -> None:
        self.desk.refuse(self.desk.get(who))

    @rule(who=contacts)
    def make_the_crm_silent(self, who: Contact) -> None:
        self.desk.silence(self.desk.get(who))

    @rule(hours=st.sampled_from([1, 30, 24 * 20]))
    def wait(self, hours: int) -> None:
        self.office.clock.turn(timedelta(hours=hours))

    # -- runs

    @rule(
        call=st.integers(1, 8),
        loses_answer=st.booleans(),
        error=st.sampled_from([CrmUnavailableError, KeyboardInterrupt]),
    )
    def sync_and_be_cut_off(
        self, call: int, loses_answer: bool, error: type[BaseException]
    ) -> None:
        self.office.crm.faults = FailsAt(call, loses_answer=loses_answer, error=error)
        with suppress(error):
            self.office.sync(accept=True)
        self.office.crm.faults = Faultless()

    @rule()
    def plan(self) -> None:
        first, second = self.office.plan(), self.office.plan()
        assert settled(first) == settled(second)

    @rule(full=st.booleans())
    def sync(self, full: bool) -> None:
        self.desk.relent_all()
        with self.office.store() as store, store.lease():
            store.retry_refused()
        stages = Stages(full=full, accept_large_change=True)
        assert self.office.run("sync", stages).outcome == "done"
        self._assert_nothing_is_left()
        self._assert_it_shows_what_the_rules_say()

    def _assert_nothing_is_left(self) -> None:
        plan = self.office.plan()
        assert plan.is_empty
        counted = self.office.counted()
        assert (counted["waiting"], counted["refused"]) == (0, 0)
        assert counted["contacts"] == len(self.desk.living())
        kept = {(each.contact, each.property) for each in plan.kept}
        assert kept <= set(self.held)

    def _assert_it_shows_what_the_rules_say(self) -> None:
        """Compare with what a store says that starts from nothing: points and fit have no past."""
        points, grades = Counter[str](), dict[str, str]()
        with tempfile.TemporaryDirectory() as folder:
            fresh = Office(Path(folder), crm=self.office.crm, clock=self.office.clock)
            fresh.run("pull", Stages(plans=False, pushes=False))
            now = fresh.clock.now()
            with fresh.store() as store:
                for contact in self.desk.living():
                    known = store.find_contact(contact.id)
                    assert known is not None
                    score = engine().evaluate(
                        compiled(),
                        store.load_facts_of(known.no, compiled()),
                        at=Moment.at(now, PARIS),
                    )
                    (row,) = score.score.to_pylist()
                    points[contact.id] = shown(row["points"])
                    grades[contact.id] = row["grade"]
        for contact in self.desk.living():
            if (contact.id, PROPERTIES["score"]) not in self.held:
                assert abs(int(contact.written["leadripe_score"] or "x") - points[contact.id]) < 3
            assert contact.written["leadripe_grade"] == grades[contact.id]

    # -- what holds at any time

    @invariant()
    def what_people_set_stays(self) -> None:
        for (id_, name), value in self.held.items():
            contact = self.desk.find(id_)
            assert contact is not None
            assert contact.written[name] == value, name

    @invariant()
    def nobody_has_two_open_tasks(self) -> None:
        tasks = Counter(each.contact for each in self.desk.open_tasks())
        assert all(count == 1 for id_, count in tasks.items() if id_ not in self.survivors)


Account.TestCase.settings = settings(
    max_examples=max(6, settings().max_examples // 5), stateful_step_count=25
)
TestAccount = Account.TestCase
