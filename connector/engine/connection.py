"""How DuckDB is opened: in memory, without extensions or network, bounded in what it reads."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connector.rules import sql

_INTERRUPTED = "Query interrupted"
"""All that tells this RuntimeError of DuckDB from others."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an engine may use. `threads`, `memory`: None leaves it to the engine.

    `temp_folder`: where work goes that does not fit into memory.
    """

    threads: int | None
    memory: str | None
    temp_folder: Path


def opened(limits: Limits, folders: Collection[Path]) -> duckdb.DuckDBPyConnection:
    """Return a connection that reads files of `folders` and none else."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": str(limits.temp_folder),
        # Nothing is fetched and nothing is guessed: what is not in the wheel is not used.
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "python_enable_replacements": False,
        # The plan sorts what it returns; rows in between need no order.
        "preserve_insertion_order": False,
    }
    if limits.threads is not None:
        config["threads"] = limits.threads
    if limits.memory is not None:
        config["memory_limit"] = limits.memory
    connection = duckdb.connect(":memory:", config=config)
    allowed = ", ".join(sql.text(str(folder)) for folder in sorted(folders))
    connection.execute(f"SET allowed_directories = [{allowed}]")
    connection.execute("SET enable_external_access = false")
    return connection


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C be one: DuckDB, which hears of it first, makes an error of its own of it."""
    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except RuntimeError as error:
        if str(error) != _INTERRUPTED:
            raise
        raise KeyboardInterrupt from error


def folder_of(file: Path) -> Path:
    """Return the folder to open for a file: the one above `bucket=07` and its like."""
    folder = file.resolve().parent
    while "=" in folder.name:
        folder = folder.parent
    return folder
