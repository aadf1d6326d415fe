# ruff: noqa: S608  names come from the plan's own tables
"""DuckDB as the engine: in memory, without a file, an extension or the network."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from connector.engine.inputs import create_table, load_constants, load_facts
from connector.errors import StoreError
from connector.ports import Evaluation, Facts
from connector.rules.plan import CompiledRules

_OUTPUTS = ("score", "reason", "move")


class EmbeddedEngine:
    """Runs compiled plans; keeps what belongs to one rule set between evaluations.

    Not to be shared by threads: give each its own. `threads`: how many cores one evaluation may
    use, all of them by default. `memory_limit`: for example `2GB`; beyond it, work goes to files in
    `temp_folder`, which are gone when the engine is closed.
    """

    def __init__(
        self,
        *,
        threads: int | None = None,
        memory_limit: str | None = None,
        temp_folder: Path | None = None,
    ) -> None:
        folder = temp_folder or Path(tempfile.gettempdir()) / "leadripe-engine"
        config: dict[str, str | bool | int | float | list[str]] = {
            "temp_directory": str(folder),
            # Nothing is fetched and nothing is guessed: what is not in the wheel is not used.
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "python_enable_replacements": False,
            # Every result is sorted by the plan; rows in between need no order.
            "preserve_insertion_order": False,
        }
        if threads is not None:
            config["threads"] = threads
        if memory_limit is not None:
            config["memory_limit"] = memory_limit
        self._connection = duckdb.connect(":memory:", config=config)
        self._loaded_rules = ""

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
            self._load_rules(compiled)
            create_table(
                self._connection,
                "moment",
                pa.table(
                    {
                        "as_of_us": pa.array([as_of_us], pa.int64()),
                        "as_of_day": pa.array([as_of_day], pa.int32()),
                    }
                ),
            )
            loaded = load_facts(self._connection, compiled, facts)
            try:
                return self._run(compiled)
            finally:
                self._clear(compiled, loaded.registered)

    def _load_rules(self, compiled: CompiledRules) -> None:
        """Create the constants of a rule set, unless they stand there already."""
        if self._loaded_rules == compiled.hash:
            return
        self._loaded_rules = ""
        for constants in compiled.constants:
            load_constants(self._connection, constants)
        self._loaded_rules = compiled.hash

    def _run(self, compiled: CompiledRules) -> Evaluation:
        """Run the steps: those before the last three become tables, those are returned."""
        results: dict[str, pa.Table] = {}
        for step in compiled.steps:
            if step.name in _OUTPUTS:
                results[step.name] = self._connection.sql(step.sql).to_arrow_table()
            else:
                self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {step.name} AS {step.sql}")
        return Evaluation(**results)

    def _clear(self, compiled: CompiledRules, registered: tuple[str, ...]) -> None:
        """Drop what belongs to one evaluation, so that memory does not wait for the next."""
        for name in registered:
            self._connection.unregister(name)
        for step in compiled.steps:
            self._connection.execute(f"DROP TABLE IF EXISTS {step.name}")


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what an admin can mend into a StoreError; anything else is a bug of ours."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise StoreError(
            what="The scores could not be computed: memory or the disk for temporary files is full.",
            where="evaluation of the rules",
            do="Free disk space, or allow more memory, and run again. Nothing was written.",
        ) from error
    except (duckdb.IOException, pa.ArrowInvalid, OSError) as error:
        raise StoreError(
            what="The stored activities could not be read.",
            where="evaluation of the rules",
            do="Check disk and permissions; if the file is damaged, read the CRM again with `leadripe pull --full`. Nothing was written.",
        ) from error
