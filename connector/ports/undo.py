"""What undoing a run asks of the store."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from connector.domain.ids import ContactId, OpportunityId, RunId
from connector.ports.opportunities import PlannedOpportunityWrite
from connector.ports.outbox import OutboxEntry
from connector.ports.writes import WriteBack


@dataclass(frozen=True, slots=True)
class LedgerRecord:
    """A write that the CRM accepted: what was set, and what stood there before.

    `is_undo`: the run took back what the latest run before it that still stood had written.
    """

    at: datetime
    values: Mapping[str, str | None]
    before: Mapping[str, str | None]
    run: RunId
    is_undo: bool = False


class Fate(StrEnum):
    """What became of a contact, as far as was read."""

    LIVING = "living"
    MERGED = "merged"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class WrittenContact:
    """A contact that we wrote to. `ledger`: all that went to this very record, oldest first.

    `waiting`: write-backs to it and its lead that wait, one of each at most.
    """

    no: int
    id: ContactId
    fate: Fate
    ledger: Sequence[LedgerRecord]
    waiting: Sequence[OutboxEntry] = ()


@dataclass(frozen=True, slots=True)
class PlannedRestore:
    """A write-back that restores. `returned`: properties whose restored value is a person's.

    `kind`: as in `OutboxEntry`.
    """

    no: int
    write_back: WriteBack
    before: Mapping[str, str | None]
    returned: Sequence[str] = ()
    kind: str = "contact"


@dataclass(frozen=True, slots=True)
class WrittenOpportunity:
    """An opportunity that we wrote to. `is_there`: as far as was read.

    `ledger`, `waiting`: as in `WrittenContact`; of the latter there is one at most.
    """

    id: OpportunityId
    is_there: bool
    ledger: Sequence[LedgerRecord]
    waiting: OutboxEntry | None = None


@dataclass(frozen=True, slots=True)
class TasksLeft:
    """Tasks that a run planned. `still_open`: in the CRM, not done; `waiting`: not created yet."""

    still_open: int = 0
    waiting: int = 0


class Undoing(Protocol):
    """The part of a store that `undo` needs beside the rest."""

    def load_written_numbers(self, run: RunId) -> Sequence[int]:
        """Return the contacts that a run wrote to, in order.

        For a run that was cut off also those to which a write of it, or of an earlier run, waits:
        it may have arrived.
        """
        ...

    def load_written(self, numbers: Iterable[int]) -> Mapping[int, WrittenContact]:
        """Return what was written to these contacts, the deleted and merged among them too."""
        ...

    def journal_undo(
        self, run: RunId, rules_hash: str, restores: Sequence[PlannedRestore]
    ) -> Sequence[OutboxEntry]:
        """Put restores into the outbox, in one transaction, and return their entries.

        Each takes the place of what waits for its contact. The next plan looks at these contacts
        again, as if nothing had been shown in the CRM yet.
        """
        ...

    def load_written_opportunities(
        self, run: RunId, *, after: str, limit: int
    ) -> Sequence[WrittenOpportunity]:
        """Return the opportunities that a run wrote to, or may have, with ids above `after`.

        By id, at most `limit` of them; `WrittenContact` says which count.
        """
        ...

    def load_opportunity_ledger(self, opportunity: OpportunityId) -> Sequence[LedgerRecord]:
        """Return what was written to an opportunity, oldest first."""
        ...

    def journal_opportunity_undo(
        self, run: RunId, rules_hash: str, restores: Sequence[PlannedOpportunityWrite]
    ) -> Sequence[OutboxEntry]:
        """Put restores of opportunities into the outbox, as `journal_undo` does."""
        ...

    def load_tasks_left(self, run: RunId) -> TasksLeft:
        """Return how many tasks of a run are not done."""
        ...
