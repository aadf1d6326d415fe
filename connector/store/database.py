"""The SQLite file: opening it, its version, its transactions."""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from connector.errors import StoreError
from connector.store.failures import REBUILD

APPLICATION_ID = 1280461136  # "LRIP", as the first migration sets it
FILE = "state.db"
_NOT_OURS = "Set `store:` in leadripe.yaml to a folder of its own. Nothing in this one was changed."

Row = tuple[object, ...]


def migrations() -> Sequence[str]:
    """Return the SQL of every version, from the first to today's."""
    folder = resources.files("connector.store") / "schema"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [file.read_text(encoding="utf-8") for file in files]


class Database:
    """One connection, for one thread at a time. Made by `open_database`."""

    def __init__(self, connection: sqlite3.Connection, path: Path, *, read_only: bool) -> None:
        self._connection = connection
        self.path = path
        self.read_only = read_only

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Return every row of a query."""
        return self._connection.execute(sql, values).fetchall()

    def rows_named(self, sql: str, values: Mapping[str, object]) -> list[Row]:
        """Return every row of a query whose values have names."""
        return self._connection.execute(sql, dict(values)).fetchall()

    def one(self, sql: str, values: Sequence[object] = ()) -> Row | None:
        """Return the first row of a query, None if it has none."""
        row: Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def number(self, sql: str, values: Sequence[object] = ()) -> int:
        """Return the one whole number that a query yields; nothing counts as 0."""
        row = self.one(sql, values)
        value = row[0] if row else 0
        return value if isinstance(value, int) else 0

    def run(self, sql: str, values: Sequence[object] = ()) -> int:
        """Execute one statement; returns how many rows it changed."""
        return self._connection.execute(sql, values).rowcount

    def run_named(self, sql: str, values: Mapping[str, object]) -> int:
        """Execute one statement whose values have names; one that it does not use is no mistake."""
        return self._connection.execute(sql, dict(values)).rowcount

    def insert(self, sql: str, values: Sequence[object] = ()) -> int:
        """Execute an INSERT; returns the number of the new row."""
        return self._connection.execute(sql, values).lastrowid or 0

    def run_many(self, sql: str, rows: Iterator[Row] | Sequence[Row]) -> None:
        """Execute a statement for each row."""
        self._connection.executemany(sql, rows)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Commit what the block does as one transaction, or nothing of it.

        IMMEDIATE: a transaction that begins by reading and then writes fails at once, whatever the
        timeout, if another process committed in between.
        """
        with self._transaction("BEGIN IMMEDIATE"):
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let all queries of the block see the same commit."""
        with self._transaction("BEGIN"):
            yield

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        try:
            self._connection.execute(begin)  # within: Ctrl-C may come as soon as it has begun
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # SQLite itself rolls back when the disk is full
                self._connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the connection; the last one to close folds the write-ahead log into the file."""
        self._connection.close()


def open_database(
    folder: Path, *, read_only: bool, versions: Sequence[str] | None = None
) -> Database:
    """Open the store's file, made or brought to today's version if it may be written.

    `versions` stands in for `migrations()`.
    """
    path = folder / FILE
    if read_only and not path.exists():
        raise StoreError(
            what="there is no store yet",
            where=str(path),
            do="Run `leadripe pull` first, or correct `store:` in leadripe.yaml.",
        )
    if not read_only:
        _make(folder, path)
    is_unclean = _has_log(path)
    connection = _connect(path, read_only=read_only)
    database = Database(connection, path, read_only=read_only)
    try:
        _refuse_foreign(database)
        _migrate(database, migrations() if versions is None else versions)
        if is_unclean and not read_only:
            _refuse_damaged(database)
        _prepare(database)
    except BaseException:
        connection.close()
        raise
    return database


def _make(folder: Path, path: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, FileNotFoundError, NotADirectoryError) as error:
        raise StoreError(
            what=f"the store's folder cannot be made: {error.strerror}",
            where=str(folder),
            do="Set `store:` in leadripe.yaml to a folder that can be. Nothing was sent.",
        ) from error
    # Before SQLite makes it, so that nobody else can read it for an instant.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _has_log(path: Path) -> bool:
    """Tell whether the file was not closed by its last user (or is in use)."""
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    address = path.absolute().as_uri()
    if read_only:
        # Readers share files beside the database. A folder that nobody may write has none, and no
        # writer either.
        can_share = os.access(path.parent, os.W_OK) or _has_log(path)
        address += "?mode=ro" if can_share else "?immutable=1"
    else:
        address += "?mode=rw"
    return sqlite3.connect(
        address, uri=True, timeout=30, isolation_level=None, check_same_thread=False
    )


def _refuse_foreign(database: Database) -> None:
    application = database.number("PRAGMA application_id")
    tables = database.number("SELECT count(*) FROM sqlite_schema")
    if application != APPLICATION_ID and (application or tables):
        raise StoreError(
            what="this SQLite file belongs to another program",
            where=str(database.path),
            do=_NOT_OURS,
        )


def _migrate(database: Database, versions: Sequence[str]) -> None:
    version = database.number("PRAGMA user_version")
    if version > len(versions):
        raise StoreError(
            what=f"the store has version {version}, and this leadripe knows up to {len(versions)}",
            where=str(database.path),
            do="Install the newer leadripe that made it. Nothing was changed.",
        )
    if version < len(versions) and database.read_only:
        raise StoreError(
            what="the store is of an older leadripe",
            where=str(database.path),
            do="Run `leadripe pull`, which brings it up to date. Nothing is lost.",
        )
    if database.read_only:
        return
    database.one("PRAGMA journal_mode = WAL")
    for number, sql in enumerate(versions[version:], start=version + 1):
        with database.writing():
            if database.number("PRAGMA user_version") >= number:
                continue  # another process was quicker
            for statement in statements(sql):
                database.run(statement)


def statements(script: str) -> Iterator[str]:
    """Yield the statements of a script: `executescript` would commit before it begins."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""


def _refuse_damaged(database: Database) -> None:
    answer = database.one("PRAGMA quick_check(1)")
    if answer != ("ok",):
        raise StoreError(what="the store's file is damaged", where=str(database.path), do=REBUILD)


def _prepare(database: Database) -> None:
    database.run("PRAGMA trusted_schema = OFF")
    database.run("PRAGMA foreign_keys = ON")
    database.run("PRAGMA synchronous = FULL")  # an answer of the CRM must outlive a power cut
    database.run("PRAGMA cache_size = -32000")  # 32 MB, whatever the size of the account
