"""DuckDB as the engine: in memory, without a file, an extension or the network."""

import re
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from connector.engine import robots
from connector.engine.connection import Limits, folder_of, opened
from connector.engine.inputs import (
    create_table,
    is_few,
    load_activities,
    load_constants,
    load_facts,
)
from connector.errors import StoreError
from connector.ports import Evaluation, Facts
from connector.rules.plan import CompiledRules, Step

_OUTPUTS = ("score", "reason", "move", "other_score", "other_reason")
_WORD = re.compile(r"\w+")


class EmbeddedEngine:
    """Runs compiled plans; keeps what belongs to one rule set between evaluations.

    Not to be shared by threads: give each its own. `threads`: how many cores one evaluation may
    use, all of them by default. `memory_limit`: for example `2GB`; beyond it, work goes to files in
    `temp_folder`, by default a new one that is removed with the engine.
    """

    def __init__(
        self,
        *,
        threads: int | None = None,
        memory_limit: str | None = None,
        temp_folder: Path | None = None,
    ) -> None:
        if temp_folder is None:
            temp_folder = Path(tempfile.mkdtemp(prefix="leadripe-"))
            weakref.finalize(self, shutil.rmtree, temp_folder, ignore_errors=True)
        self._limits = Limits(threads, memory_limit, temp_folder)
        self._folders: frozenset[Path] = frozenset()
        self._loaded_rules = ""
        self._connection = opened(self._limits, self._folders)

    def close(self) -> None:
        """Free everything."""
        self._connection.close()

    def evaluate(
        self, compiled: CompiledRules, facts: Facts, *, as_of_us: int, as_of_day: int
    ) -> Evaluation:
        """Evaluate the contacts of `facts` at an instant, whose local day is `as_of_day`.

        Raises StoreError if files cannot be read, or memory or disk do not suffice.
        """
        with _explained():
            self._allow(facts.activity)
            self._load_rules(compiled)
            create_table(self._connection, "moment", _moment(as_of_us, as_of_day))
            registered = load_facts(self._connection, compiled, facts)
            try:
                return self._run(compiled, facts)
            finally:
                self._clear(compiled, registered)

    def select(
        self,
        compiled: CompiledRules,
        activity: pa.Table | Sequence[Path],
        steps: Sequence[Step],
        tables: Mapping[str, pa.Table],
        *,
        as_of_us: int,
    ) -> pa.Table:
        """Run steps over activities, of whichever contacts, and `tables`; return the last result.

        Raises as `evaluate` does.
        """
        with _explained():
            self._allow(activity)
            for name, table in {"moment": _moment(as_of_us, 0), **tables}.items():
                create_table(self._connection, name, table)
            registered = load_activities(self._connection, compiled, activity)
            try:
                return robots.select(self._connection, steps)
            finally:
                for name in tables:
                    self._connection.execute(f"DROP TABLE {name}")
                self._clear(compiled, registered)

    def _allow(self, activity: pa.Table | Sequence[Path]) -> None:
        """Open the engine anew if it has to read files of folders that it may not read yet."""
        if isinstance(activity, pa.Table):
            return
        needed = {folder_of(file) for file in activity}
        if needed <= self._folders:
            return
        self._folders |= needed
        self._loaded_rules = ""
        self._connection.close()
        self._connection = opened(self._limits, self._folders)

    def _load_rules(self, compiled: CompiledRules) -> None:
        """Create the constants of a rule set, unless they stand there already."""
        if self._loaded_rules == compiled.hash:
            return
        self._loaded_rules = ""
        for constants in compiled.constants:
            load_constants(self._connection, constants)
        self._loaded_rules = compiled.hash

    def _run(self, compiled: CompiledRules, facts: Facts) -> Evaluation:
        """Set apart what is in quarantine, and run the steps without it."""
        is_small = is_few(facts.contact)
        # Rewriting the plan of a few rows costs more than it saves.
        is_quick = is_small and robots.are_few(self._connection)
        self._connection.execute(f"PRAGMA {'disable' if is_quick else 'enable'}_optimizer")
        flag = robots.flagged(self._connection, compiled, facts)
        turns = robots.in_turns(self._connection, flag, is_small=is_small)
        return Evaluation(**robots.joined([self._steps(compiled) for _ in turns]), flag=flag)

    def _steps(self, compiled: CompiledRules) -> Mapping[str, pa.Table]:
        """Run the steps: those before the last three become tables, those are returned."""
        results: dict[str, pa.Table] = {}
        for step, done_with in zip(compiled.steps, _done_with(compiled.steps), strict=True):
            if step.name in _OUTPUTS:
                results[step.name] = self._connection.sql(step.sql).to_arrow_table()
            else:
                self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {step.name} AS {step.sql}")
            # Their memory serves the steps that follow.
            for name in done_with:
                self._connection.execute(f"DROP TABLE {name}")
        return results

    def _clear(self, compiled: CompiledRules, registered: tuple[str, ...]) -> None:
        """Drop what belongs to one evaluation, so that memory does not wait for the next."""
        for name in registered:
            self._connection.unregister(name)
        names = [step.name for step in compiled.steps if step.name not in _OUTPUTS]
        for name in (*names, "activity_file"):
            self._connection.execute(f"DROP TABLE IF EXISTS {name}")
        self._connection.execute("PRAGMA enable_optimizer")


def _done_with(steps: Sequence[Step]) -> Iterator[list[str]]:
    """Yield, for each step, the tables of steps that none after it reads."""
    words = [frozenset(_WORD.findall(step.sql)) for step in steps]
    last_read = {
        step.name: max((at for at, read in enumerate(words) if step.name in read), default=own)
        for own, step in enumerate(steps)
        if step.name not in _OUTPUTS
    }
    for at in range(len(steps)):
        yield [name for name, last in last_read.items() if last == at]


def _moment(as_of_us: int, as_of_day: int) -> pa.Table:
    """Return the one-row table that says when it is."""
    return pa.table(
        {
            "as_of_us": pa.array([as_of_us], pa.int64()),
            "as_of_day": pa.array([as_of_day], pa.int32()),
        }
    )


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what an admin can mend into a StoreError; anything else is a bug of ours."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise StoreError(
            what="The scores could not be computed: memory, or the disk beside it, is full.",
            where="evaluation of the rules",
            do="Free disk space, or allow more memory, and run again. Nothing was written.",
        ) from error
    except (duckdb.IOException, duckdb.InvalidInputException, pa.ArrowInvalid, OSError) as error:
        raise StoreError(
            what="The stored activities could not be read.",
            where="evaluation of the rules",
            do=(
                "Check the disk and the permissions; if a file is damaged, put the store's folder"
                " back from a backup, or set it aside and run `leadripe plan`, which reads the CRM"
                " anew. Nothing was written."
            ),
        ) from error
