"""Opportunities as what is written to: their score, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from connector.domain.contact import Opportunity
from connector.domain.ids import OpportunityId
from connector.ports.writes import Outcome

OPPORTUNITIES = "opportunities"
"""The name of the stream of opportunities."""


@dataclass(frozen=True, slots=True)
class OpportunityWrite:
    """Properties to set on one opportunity: {CRM property: text as it takes it; None clears}."""

    opportunity: OpportunityId
    values: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class KnownOpportunity:
    """What planning has to know of an opportunity, beside its score.

    `found`, `wrote`, `waiting`, `refused`, `returning`, `is_fresh`: as in `KnownContact`. `shown`:
    tells of what its last write-back was made (`connector.sync.opportunities`); None: there was
    none. `shown_at_us`: as of when.
    """

    id: OpportunityId
    found: Mapping[str, str | None]
    wrote: Mapping[str, str | None]
    is_fresh: bool
    waiting: Mapping[str, str | None] = field(default_factory=dict)
    refused: Mapping[str, str | None] = field(default_factory=dict)
    returning: Sequence[str] = ()
    shown: str | None = None
    shown_at_us: int | None = None


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
