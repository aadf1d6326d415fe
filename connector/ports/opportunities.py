"""Opportunities as what is written to: their score, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from connector.domain.contact import Opportunity
from connector.domain.ids import OpportunityId, RunId
from connector.ports.writes import Outcome
from connector.rules.conditions import Kind

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: only the modules that compute import it for real

OPPORTUNITIES = "opportunities"
"""The name of the stream of opportunities."""


@dataclass(frozen=True, slots=True)
class OpportunityWrite:
    """Properties to set on one opportunity: {CRM property: text as it takes it; None clears}."""

    opportunity: OpportunityId
    values: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class KnownOpportunity:
    """What planning has to know of an opportunity, beside its score: as in `KnownContact`."""

    id: OpportunityId
    found: Mapping[str, str | None]
    wrote: Mapping[str, str | None]
    is_fresh: bool
    waiting: Mapping[str, str | None] = field(default_factory=dict)
    refused: Mapping[str, str | None] = field(default_factory=dict)
    returning: Sequence[str] = ()
    is_closed: bool = False


SHOWN_OF_OPPORTUNITY: Mapping[str, str] = {
    "shown": "VARCHAR",
    "shown_at_us": "BIGINT",
    "is_odd": "BOOLEAN",
}
"""What an opportunity showed last, beside its fields: the plan's first comparison.

`shown`: of what the last write-back was made (`connector.sync.opportunities`), as of
`shown_at_us`. `is_odd`: the CRM shows something else than we wrote, or a write waits or was
refused.
"""


@dataclass(frozen=True, slots=True)
class OpportunityFacts:
    """Some open opportunities, by id.

    `opportunity`: as `Engine.score_opportunities` takes them; `before`: a row for each in the same
    order, with the columns of `SHOWN_OF_OPPORTUNITY`.
    """

    opportunity: "pa.Table"
    before: "pa.Table"


@dataclass(frozen=True, slots=True)
class PlannedOpportunityWrite:
    """A write with what stood there before, ready for the journal, and what it was made of.

    It takes the place of one that waits or was refused; without values, it takes that one back.
    `returned`: properties whose value is a person's, restored by an undo.
    """

    write: OpportunityWrite
    before: Mapping[str, str | None] = field(default_factory=dict)
    returned: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Showing:
    """What an opportunity shows from now on: see `SHOWN_OF_OPPORTUNITY`."""

    opportunity: OpportunityId
    shown: str
    at_us: int


class OpportunityCrm(Protocol):
    """What a CRM does for the scores of opportunities. Both raise what `Crm.write` raises."""

    def fetch_opportunities(self, ids: Sequence[OpportunityId]) -> Sequence[Opportunity]:
        """Fetch these as they are now, without their contacts; deleted ones are left out.

        At most `Crm.batch_size` of them.
        """
        ...

    def write_opportunities(self, batch: Sequence[OpportunityWrite]) -> Sequence[Outcome]:
        """Set the properties, and return one outcome for each write, in order.

        An opportunity may stand in a batch once. One that is refused does not fail the batch. GONE:
        it is deleted.
        """
        ...


class OpportunityStore(Protocol):
    """The part of a store that the scores of opportunities need."""

    def load_opportunities(
        self,
        fields: Mapping[str, Kind],
        at: datetime,
        *,
        is_past: bool = False,
        after: str = "",
        limit: int,
        ids: Sequence[OpportunityId] | None = None,
    ) -> OpportunityFacts:
        """Return the opportunities that are open at an instant and whose id is above `after`.

        By id, at most `limit` of them, as they are now; with `is_past` as they were then, as far as
        that was kept. `ids`: of these alone.
        """
        ...

    def load_known_opportunities(
        self, ids: Sequence[OpportunityId]
    ) -> Mapping[OpportunityId, KnownOpportunity]:
        """Return what planning must know of these; those that are gone are left out."""
        ...

    def load_people_of(self, opportunity: OpportunityId) -> Sequence[int]:
        """Return the living contacts who take part in an opportunity, by their numbers."""
        ...

    def has_opportunity(self, opportunity: OpportunityId) -> bool:
        """Tell whether an opportunity is known, open or closed."""
        ...

    def save_opportunities(self, opportunities: Sequence[Opportunity]) -> None:
        """Store a reading of some, as `save_page` does, without moving a checkpoint."""
        ...

    def stage_opportunities(
        self, run: RunId, shows: Sequence[Showing], writes: Sequence[PlannedOpportunityWrite]
    ) -> None:
        """Put more of a plan aside: see `Store.stage_plan`."""
        ...
