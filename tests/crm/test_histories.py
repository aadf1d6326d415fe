"""Whatever people and we do, in any order, whatever fails: our copy ends like the CRM."""

from datetime import datetime, timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from connector.crm.hubspot.adapter import CONTACTS
from connector.domain.ids import ContactId
from connector.errors import CrmUnavailableError
from connector.ports import Page, Verdict, WriteBack
from tests.crm.hubspot_account import HubSpotAccount

SCORE = "leadripe_score"
PICK = st.integers(0, 1_000)
Held = dict[str, tuple[str | None, str | None]]


class Histories(RuleBasedStateMachine):
    """Keeps a copy of the contacts as a store would, and compares it at the end."""

    @initialize(count=st.integers(1, 250))
    def begin(self, count: int) -> None:
        self.account = HubSpotAccount()
        self.ids = [str(each) for each in self.account.add_many(count)]
        self.copy: Held = {}
        self.checkpoint: str | None = None
        self.crm = self.account.connect()
        self.echoes: list[tuple[datetime, datetime]] = []

    @rule(count=st.integers(1, 30))
    def people_add(self, count: int) -> None:
        self.ids += self.account.add_many(count)

    @rule(pick=PICK, score=st.integers(0, 100))
    @precondition(lambda self: self.ids)
    def people_edit(self, pick: int, score: int) -> None:
        self.account.edit(self._one(pick), **{SCORE: str(score)}, firstname=f"edited {pick}")

    @rule(pick=PICK)
    @precondition(lambda self: self.ids)
    def people_delete(self, pick: int) -> None:
        id_ = self._one(pick)
        self.account.delete(id_)
        self.ids.remove(id_)

    @rule(pick=PICK, other=PICK)
    @precondition(lambda self: len(self.ids) > 1)
    def people_merge(self, pick: int, other: int) -> None:
        loser, kept = self._one(pick), self._one(other)
        if loser == kept:
            return
        survivor = self.account.merge(loser, into=kept)
        self.ids = [each for each in self.ids if each not in (loser, kept)] + [survivor]

    @rule(seconds=st.sampled_from([0, 1, 5, 130, 900, 7_200, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.account.clock.turn(timedelta(seconds=seconds))

    @rule(fault=st.sampled_from(["", "502", "lost", "truncate", "429"]))
    def the_network_is(self, fault: str) -> None:
        self.account.faults.shares = {fault: 0.3} if fault else {}

    @rule()
    def another_process_goes_on(self) -> None:
        self.crm = self.account.connect(echoes=list(self.echoes))

    @rule(pages=st.sampled_from([1, 2, 99]))
    def we_read(self, pages: int) -> None:
        reading = self.crm.pages(CONTACTS, self.checkpoint)
        try:
            for _ in range(pages):
                page = next(reading, None)
                if page is None:
                    return
                self._keep(page)
        except CrmUnavailableError:
            return

    @rule(start=PICK, score=st.integers(0, 100))
    def we_write(self, start: int, score: int) -> None:
        known = sorted(self.copy)[start % max(1, len(self.copy)) :][:100]
        if not known:
            return
        began = self.account.clock.now()
        batch = [WriteBack(ContactId(each), {SCORE: str(score)}) for each in known]
        try:
            outcomes = self.crm.write(batch)
        except CrmUnavailableError:
            return
        for write, outcome in zip(batch, outcomes, strict=True):
            if outcome.verdict is Verdict.ACCEPTED and write.contact in self.copy:
                self.copy[write.contact] = (self.copy[write.contact][0], outcome.values[SCORE])
        stamps = [each.changed_at for each in outcomes if each.changed_at]
        if stamps:
            self.crm.wrote(since=began, until=max(stamps))
            self.echoes.append((began, max(stamps)))

    def _one(self, pick: int) -> str:
        return self.ids[pick % len(self.ids)]

    def _keep(self, page: Page) -> None:
        self.checkpoint = page.checkpoint
        for contact in page.contacts:
            name = contact.fields["first_name"]
            self.copy[contact.id] = (str(name) if name else None, contact.written[SCORE])
        for gone in page.gone:
            self.copy.pop(gone.id, None)

    def teardown(self) -> None:
        if not hasattr(self, "account"):
            return
        with self.account:
            self.account.faults.shares = {}
            # Twice: the first may still be busy with a load that was cut off before.
            for _ in range(2):
                self.account.settle_deletions()
                for page in self.crm.pages(CONTACTS, self.checkpoint):
                    self._keep(page)
            assert self.copy == _truth(self.account)


def _truth(account: HubSpotAccount) -> Held:
    table = account.portal.tables["contacts"]
    rows = (table.rows[id_] for id_ in table.live)
    return {str(row.id): (row.props.get("firstname"), row.props.get(SCORE)) for row in rows}


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes minutes here
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
