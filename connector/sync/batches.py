"""Puts small buckets together, so that each evaluation has enough to do.

An evaluation costs some 100 ms before it has looked at a single contact; a bucket of a small
account holds a few dozen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from connector.ports import Facts, Store
from connector.rules.plan import CompiledRules

MOST = 65_000
"""So many contacts are evaluated at a time, or one bucket that is larger: the measure of memory."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Buckets that are evaluated together, and what their contacts are evaluated from."""

    buckets: Sequence[int]
    facts: Facts


def batches(
    store: Store, compiled: CompiledRules, *, most: int = MOST, as_of: datetime | None = None
) -> Iterator[Batch]:
    """Yield every bucket that holds contacts once, in order, as few batches as `most` allows.

    `as_of`: the facts of that instant, as far as the store kept them; None: those of now.
    """
    found: list[tuple[int, Facts]] = []
    for bucket in store.buckets():
        facts = store.load_facts(bucket, compiled, as_of)
        if found and not _fits([each for _, each in found], facts, most):
            yield _joined(found)
            found = []
        found.append((bucket, facts))
    if found:
        yield _joined(found)


def _fits(found: Sequence[Facts], facts: Facts, most: int) -> bool:
    every = [*found, facts]
    if sum(len(each.contact) for each in every) > most:
        return False
    # Files and rows do not mix. Rows come where a bucket has no file yet, or none of today's shape.
    return len({isinstance(each.activity, pa.Table) for each in every if len(each.activity)}) < 2


def _joined(found: Sequence[tuple[int, Facts]]) -> Batch:
    return Batch([bucket for bucket, _ in found], joined([facts for _, facts in found]))


def joined(every: Sequence[Facts]) -> Facts:
    """Return the facts of several sets of contacts, at least one, as those of one."""
    return replace(
        every[0],
        contact=pa.concat_tables([each.contact for each in every]),
        activity=together([each.activity for each in every]),
        opportunity=pa.concat_tables([each.opportunity for each in every]),
        state=pa.concat_tables([each.state for each in every]),
    )


def together(parts: Sequence[pa.Table | Sequence[Path]]) -> pa.Table | Sequence[Path]:
    """Return activities of several sets of contacts, all rows or all in files, as those of one."""
    files = [path for part in parts if not isinstance(part, pa.Table) for path in part]
    tables = [part for part in parts if isinstance(part, pa.Table)]
    return pa.concat_tables(tables) if tables and not files else files
