"""Deals on which people work while runs are cut off: in the end each shows what the rules say."""

import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from connector.domain.contact import Contact
from connector.domain.ids import ContactId, OpportunityId
from connector.domain.numbers import MILLION
from connector.domain.text import same_value
from connector.errors import CrmUnavailableError
from connector.sync.run import Stages
from tests.fakes.faults import FailsAt, Faultless
from tests.fakes.people import activity, person
from tests.sync.office import Office
from tests.sync.selling import SCORE, deal, scores

DAY_IN_HOURS = 24


class Sales(RuleBasedStateMachine):
    """An account with deals, people who work on them, and the scores that they set by hand."""

    deals = Bundle("deals")
    people = Bundle("people")

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.office = scores(Office(Path(self._folder.name) / "store"))
        self.desk = self.office.desk
        self.held: dict[OpportunityId, str] = {}
        self.made = 0

    def teardown(self) -> None:
        self._folder.cleanup()

    # -- people

    @rule(target=people, title=st.sampled_from(["Head of operations", None]))
    def meet(self, title: str | None) -> Contact:
        self.made += 1
        someone = person(str(self.made), at=self.office.clock.now(), job_title=title)
        self.desk.add(someone)
        return someone

    @rule(who=people, hours=st.integers(0, DAY_IN_HOURS * 40))
    def act(self, who: Contact, hours: int) -> None:
        self.made += 1
        at = self.office.clock.now() - timedelta(hours=hours)
        self.desk.add(activity(str(self.made), "page_view", who, at))

    @rule(target=deals, who=st.lists(people, max_size=3), amount=st.sampled_from([None, 12_000]))
    def open_deal(self, who: list[Contact], amount: int | None) -> OpportunityId:
        self.made += 1
        made = deal(self.office.clock, *who, amount=amount, id_=f"D{self.made}")
        self.desk.add(made)
        return made.id

    @rule(which=deals, amount=st.sampled_from([5_000, 20_000]), is_closed=st.booleans())
    def work_on(self, which: OpportunityId, amount: int, is_closed: bool) -> None:
        if self._is_there(which):
            self.desk.change_opportunity(which, amount=amount * MILLION, is_closed=is_closed)

    @rule(which=deals, who=st.lists(people, max_size=3))
    def let_take_part(self, which: OpportunityId, who: list[Contact]) -> None:
        if self._is_there(which):
            contacts: tuple[ContactId, ...] = tuple(dict.fromkeys(each.id for each in who))
            self.desk.change_opportunity(which, contacts=contacts)

    @rule(which=deals, score=st.sampled_from(["1000", "-5", None]))
    def set_by_hand(self, which: OpportunityId, score: str | None) -> None:
        if not self._is_there(which):
            return
        self.desk.write_on_opportunity(which, **{SCORE: score})
        if score is None:
            self.held.pop(which, None)
        elif self._is_news(which, score):
            self.held[which] = score

    def _is_news(self, which: OpportunityId, score: str) -> bool:
        """Tell whether our side could know that this is not its own value."""
        with self.office.store() as store:
            known = store.load_known_opportunities([which]).get(which)
        if known is None or not known.wrote:
            return False
        ours = (known.wrote.get(SCORE), known.waiting.get(SCORE))
        return which in self.held or not any(same_value(score, each) for each in ours)

    @rule(which=deals)
    def delete(self, which: OpportunityId) -> None:
        if self._is_there(which):
            self.held.pop(which, None)
            self.desk.delete_opportunity(which)

    @rule(which=deals, is_silent=st.booleans())
    def make_the_crm_refuse(self, which: OpportunityId, is_silent: bool) -> None:
        found = self.desk.opportunity(which)
        if found is not None and is_silent:
            self.desk.silence(found)
        elif found is not None:
            self.desk.refuse(found)

    def _is_there(self, which: OpportunityId) -> bool:
        return self.desk.opportunity(which) is not None

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
        self,
        call: int,
        loses_answer: bool,
        error: type[BaseException],
    ) -> None:
        self.office.crm.faults = FailsAt(call, loses_answer=loses_answer, error=error)
        with suppress(error):
            self.office.sync(accept=True)
        self.office.crm.faults = Faultless()

    @rule(full=st.booleans())
    def sync(self, full: bool) -> None:
        self.desk.relent_all()
        with self.office.store() as store, store.lease():
            store.retry_refused()
        stages = Stages(full=full, accept_large_change=True)
        assert self.office.run("sync", stages).outcome == "done"
        plan = self.office.plan()
        assert plan.is_empty
        assert {each.opportunity for each in plan.kept if each.opportunity} <= set(self.held)
        self._assert_it_shows_what_the_rules_say()

    def _assert_it_shows_what_the_rules_say(self) -> None:
        """Compare with what a store would write that starts from nothing."""
        with tempfile.TemporaryDirectory() as folder:
            fresh = Office(Path(folder), crm=self.office.crm, clock=self.office.clock)
            plan = scores(fresh).plan()
        for each in plan.sample:
            if each.property == SCORE and each.opportunity not in self.held:
                # What only fades is not worth a write until it moved by three points.
                assert abs(int(each.before or "x") - int(each.after or "x")) < 3

    # -- what holds at any time

    @invariant()
    def what_people_set_stays(self) -> None:
        for which, score in self.held.items():
            found = self.desk.opportunity(which)
            assert found is not None
            assert found.written[SCORE] == score


Sales.TestCase.settings = settings(
    max_examples=max(5, settings().max_examples // 8), stateful_step_count=25
)
TestSales = Sales.TestCase
