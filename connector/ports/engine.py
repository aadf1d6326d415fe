"""What the core asks of an engine that evaluates rules."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from connector.domain.moment import Moment
from connector.rules.plan import CompiledRules, Step

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: only the modules that compute import it for real


Item = TypeVar("Item")


class Accounts(Protocol):
    """What is known of accounts as a whole, at the instant at which they were gathered."""

    def beside(self, contact: "pa.Table") -> "pa.Table":
        """Return the contacts with the facts of their accounts; unknown for one without account."""
        ...


@dataclass(frozen=True, slots=True)
class Facts:
    """What one set of contacts is evaluated from; columns as in `connector.rules.tables`.

    `activity`: a table, or Parquet files whose rows together are unique. Files may hold activities
    of other contacts; only those of contacts in `contact` count. `decision`: what people said of
    quarantine; `robot_domain`: what was found by asking all contacts (`connector.sync.robots`);
    None where there is nothing. `accounts`: what `Engine.gather` found; without it, `contact` holds
    those facts already.
    """

    contact: "pa.Table"
    activity: "pa.Table | Sequence[Path]"
    opportunity: "pa.Table"
    state: "pa.Table"
    decision: "pa.Table | None" = None
    robot_domain: "pa.Table | None" = None
    accounts: Accounts | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the rules say of one set of contacts; columns as in `connector.rules.tables`.

    `other_score`, `other_reason`: of the scores beside the leading one; None if there are none.
    `interest`, `pressure`, `nurture`, `taking_part`: None if the rules ask for none.
    """

    score: "pa.Table"
    reason: "pa.Table"
    move: "pa.Table"
    other_score: "pa.Table | None" = None
    other_reason: "pa.Table | None" = None
    flag: "pa.Table | None" = None
    interest: "pa.Table | None" = None
    pressure: "pa.Table | None" = None
    nurture: "pa.Table | None" = None
    taking_part: "pa.Table | None" = None


@dataclass(frozen=True, slots=True)
class OpportunityEvaluation:
    """What the rules say of opportunities; columns as in `connector.rules.tables`."""

    score: "pa.Table"
    reason: "pa.Table"


class Engine(Protocol):
    """Runs a compiled plan. Same inputs, same tables, whatever the order of rows."""

    def evaluate(self, compiled: CompiledRules, facts: Facts, *, at: Moment) -> Evaluation:
        """Evaluate the contacts of `facts` as of a moment.

        What is in quarantine has no part in it, and is listed in `flag`.
        """
        ...

    def evaluate_each(
        self,
        compiled: CompiledRules,
        every: "Iterable[tuple[Item, Facts]]",
        *,
        at: Moment,
    ) -> "Generator[tuple[Item, Evaluation], None, None]":
        """Evaluate sets of contacts, each as `evaluate` does, and yield each with its item.

        In order, a few at a time: `every` is iterated somewhat ahead, in the caller's thread. To be
        closed by whoever does not iterate to the end.
        """
        ...

    def select(
        self,
        compiled: CompiledRules,
        activity: "pa.Table | Sequence[Path]",
        steps: Sequence[Step],
        tables: "Mapping[str, pa.Table]",
        *,
        as_of_us: int,
    ) -> "pa.Table":
        """Run steps over activities, of whichever contacts, and `tables`; return the last's."""
        ...

    def score_opportunities(
        self,
        compiled: CompiledRules,
        opportunity: "pa.Table",
        taking_part: "pa.Table",
        *,
        at: Moment,
    ) -> OpportunityEvaluation:
        """Score opportunities as of a moment, by `compiled.opportunities`, which must be there.

        `opportunity`: a row for each, with its fields. `taking_part`: what evaluating all their
        contacts gave, in any number of rows.
        """
        ...

    def gather(
        self,
        compiled: CompiledRules,
        parts: Iterable[Facts],
        *,
        at: Moment,
    ) -> Accounts | None:
        """Put the contacts of all `parts` together by their accounts, as of a moment.

        None, without looking at a part, if no condition looks at accounts. Any way of dividing
        contacts into parts gives the same.
        """
        ...
