"""What the core asks of an engine that evaluates rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from connector.rules.plan import CompiledRules

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: only the modules that compute import it for real


@dataclass(frozen=True, slots=True)
class Facts:
    """What one set of contacts is evaluated from; columns as in `connector.rules.tables`.

    `activity`: a table, or Parquet files whose rows together are unique. Files may hold activities
    of other contacts; only those of contacts in `contact` count.
    """

    contact: "pa.Table"
    activity: "pa.Table | Sequence[Path]"
    opportunity: "pa.Table"
    state: "pa.Table"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the rules say of one set of contacts; columns as in `connector.rules.tables`.

    `other_score`, `other_reason`: of the scores beside the leading one; None if there are none.
    """

    score: "pa.Table"
    reason: "pa.Table"
    move: "pa.Table"
    other_score: "pa.Table | None" = None
    other_reason: "pa.Table | None" = None


class Engine(Protocol):
    """Runs a compiled plan. Same inputs, same tables, whatever the order of rows."""

    def evaluate(
        self, compiled: CompiledRules, facts: Facts, *, as_of_us: int, as_of_day: int
    ) -> Evaluation:
        """Evaluate the contacts of `facts` at an instant, whose local day is `as_of_day`."""
        ...
