"""What a contract test asks of an account: our adapter onto it, and people who work in it."""

from datetime import timedelta
from types import TracebackType
from typing import Protocol, Self

from connector.domain.contact import Contact
from connector.domain.ids import ContactId, OpportunityId, TaskKey
from connector.ports import Crm
from tests.fakes.clock import FakeClock
from tests.fakes.crm import FakeCrm


class AccountUnderTest(Protocol):
    """An account of some CRM, provisioned, empty at first. `score`: the property of the score."""

    clock: FakeClock
    score: str

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def connect(self) -> Crm: ...

    def add_contact(self, name: str) -> ContactId: ...

    def edit(self, contact: str, **properties: str) -> None: ...

    def name_title(self, contact: str, title: str | None) -> None: ...

    def delete(self, contact: str) -> None: ...

    def merge(self, loser: str, into: str) -> ContactId: ...

    def shows(self, contact: str, name: str) -> str | None: ...

    def is_done(self, key: TaskKey) -> bool: ...

    def settle(self) -> None: ...

    def settle_deletions(self) -> None: ...


class OpportunityAccount(AccountUnderTest, Protocol):
    """One whose opportunities get a score, and what sales does with them.

    `opportunity_score`: the property of it. The mapping reads the fields `name` (text) and `worth`
    (a number, the amount once more), and writes the reasons too.
    """

    opportunity_score: str

    def add_opportunity(self, *contacts: str, name: str = "", amount: str = "") -> OpportunityId:
        """Create an open one, in which these contacts take part."""
        ...

    def edit_opportunity(self, opportunity: str, **properties: str) -> None: ...

    def delete_opportunity(self, opportunity: str) -> None: ...

    def opportunity_shows(self, opportunity: str, name: str) -> str | None: ...


class FakeAccount:
    """The fake that the core's tests run on: it has to keep the same promises."""

    score = "leadripe_score"

    def __init__(self) -> None:
        self.clock = FakeClock()
        self._crm = FakeCrm(self.clock)
        self._contacts: dict[str, Contact] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def connect(self) -> Crm:
        return self._crm

    def add_contact(self, name: str) -> ContactId:
        id_ = ContactId(f"c{len(self._contacts)}")
        email = f"{name.lower()}@example.org"
        contact = Contact(id_, self.clock.now(), {"email": email}, emails=(email,))
        self._contacts[id_] = contact
        self._crm.desk.add(contact)
        return id_

    def edit(self, contact: str, **properties: str) -> None:
        self._crm.desk.edit(self._contacts[contact], **properties)

    def name_title(self, contact: str, title: str | None) -> None:
        self._crm.desk.learn(self._contacts[contact], job_title=title)

    def delete(self, contact: str) -> None:
        self._crm.desk.delete(self._contacts[contact])

    def merge(self, loser: str, into: str) -> ContactId:
        self._crm.desk.merge(self._contacts[loser], into=self._contacts[into])
        return ContactId(into)

    def shows(self, contact: str, name: str) -> str | None:
        return self._crm.desk.shows(self._contacts[contact], name)

    def is_done(self, key: TaskKey) -> bool:
        return self._crm.desk.tasks[key].is_done

    def settle(self) -> None:
        self.clock.turn(timedelta(minutes=5))

    def settle_deletions(self) -> None:
        self.clock.turn(timedelta(days=1, minutes=1))
