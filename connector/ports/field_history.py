"""What a CRM tells of values that a contact's fields had, and how the store keeps it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from connector.domain.contact import Value
from connector.domain.ids import ContactId

Author = str
"""Who changed something in the CRM: a name, `user:7` where the CRM tells the number of a user only,
or what did it, as the CRM calls that (`import`, `automation platform`)."""


@dataclass(frozen=True, slots=True)
class FormerValue:
    """A value that a field had until the CRM's stamp of the change that replaced it.

    `by`: who made that change, see `Author`; None if the CRM does not tell.
    """

    until_us: int
    value: Value
    by: Author | None = None


@dataclass(frozen=True, slots=True)
class FieldHistory:
    """What the CRM keeps of the past of one field, oldest first, each instant once.

    `since_us`: of what was before it the CRM keeps nothing; None: it keeps everything.
    """

    former: Sequence[FormerValue] = ()
    since_us: int | None = None


@dataclass(frozen=True, slots=True)
class FormerFields:
    """What some fields of a contact held until a change of them. `by`: who made it, if known.

    `is_before_ours`: before our own record of the contact begins, which tells what came later.
    """

    until: datetime
    was: Mapping[str, Value]
    by: Author | None = None
    is_before_ours: bool = True


@dataclass(frozen=True, slots=True)
class PastOf:
    """A contact whose past is asked for. `former`: ids of those that it was before."""

    no: int
    id: ContactId
    former: Sequence[ContactId] = ()


@dataclass(frozen=True, slots=True)
class ContactHistory:
    """The past of one contact, by field; one of which the CRM keeps no values is left out."""

    contact: ContactId
    fields: Mapping[str, FieldHistory] = field(default_factory=dict)


class DatedCrm(Protocol):
    """The part of `Crm` that knows what stood in a contact's fields before."""

    @property
    def history_size(self) -> int:
        """The most contacts that one call of `fetch_histories` takes."""
        ...

    def fetch_histories(
        self, contacts: Sequence[PastOf], fields: Collection[str]
    ) -> Sequence[ContactHistory]:
        """Fetch the past values of some of the mapping's fields, one answer for each contact.

        In any order; one that was deleted or merged meanwhile may be left out.
        """
        ...

    def estimate_histories(self, contacts: int) -> int:
        """Return the calls that it would cost to ask for so many, if none has a long history."""
        ...


@dataclass(frozen=True, slots=True)
class Basis:
    """On what the values of one field at a past instant rest, in numbers of contacts.

    `seen`: read by us by then. Of the others the CRM's history was `told` and reaches back to that
    instant, is `cut` before it, is not kept by the CRM (`unkept`), or was not asked for
    (`unasked`); where it is not told, the first known value stands in. `told_since`: from when on
    it is told of all of them; None: from the beginning.
    """

    seen: int = 0
    told: int = 0
    cut: int = 0
    unkept: int = 0
    unasked: int = 0
    told_since: datetime | None = None

    @property
    def stands_in(self) -> int:
        """Contacts for which the first known value stands in."""
        return self.cut + self.unkept + self.unasked

    @property
    def total(self) -> int:
        """All contacts that were looked at."""
        return self.seen + self.told + self.stands_in


class DatedStore(Protocol):
    """The part of `Store` that keeps the CRM's history of contact fields.

    It is looked at only for instants before the store's own record of a field of a contact begins:
    what we saw ourselves is never contradicted.
    """

    def count_unasked(self, fields: Collection[str]) -> int:
        """Return how many living contacts were not asked for all of these fields yet."""
        ...

    def load_unasked(self, fields: Collection[str], limit: int, after: int = 0) -> Sequence[PastOf]:
        """Return some of them whose number is above `after`, by number."""
        ...

    def save_histories(
        self, fields: Collection[str], histories: Mapping[int, ContactHistory]
    ) -> None:
        """Keep {number: its past} as the answer for these fields, in one transaction.

        It takes the place of what was kept of these contacts before.
        """
        ...

    def forget_histories(self, no: int | None = None) -> None:
        """Let all be asked about again, or one contact; what is kept stays until it is replaced."""
        ...

    def load_former_values(self, no: int) -> Sequence[FormerFields]:
        """Return what the CRM told of a contact's past, oldest first, up to when it was asked."""
        ...

    def load_bases(
        self, fields: Collection[str], as_of: datetime, no: int | None = None
    ) -> Mapping[str, Basis]:
        """Return on what each field rests at an instant: of all living contacts, or of one."""
        ...
