"""What people say of quarantine, as the store remembers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connector.domain.ids import ContactId


@dataclass(frozen=True, slots=True)
class Decision:
    """A person lifts signs (`is_release`), or puts activities into quarantine.

    Of one activity, one contact or one mail domain (folded); a release that names none of them is
    of everybody's. `sign`: the one that is lifted, '' for every one. `until`: of what happened by
    then; None if it goes for what is still to come. `no`: the contact's number in the store.
    """

    is_release: bool
    sign: str = ""
    activity: str | None = None
    no: int | None = None
    domain: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A decision that was made. `contact`: the CRM's id of the one it is of."""

    id: int
    made_at: datetime
    decision: Decision
    contact: ContactId | None


class Quarantining(Protocol):
    """The part of a store that remembers what people said of quarantine."""

    def add_decision(self, decision: Decision, at: datetime) -> int:
        """Remember a decision, durably, and return its number; a later one is greater."""
        ...

    def load_decisions(self) -> Sequence[DecisionRecord]:
        """Return what was decided, oldest first."""
        ...
