"""Failures of the disk, of SQLite and of Parquet, as an admin meets them: a StoreError."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from connector.errors import StoreError

REBUILD = (
    "Put the folder back from a backup; or move it away and run `leadripe pull`: contacts and"
    " activities are read again from the CRM, where what was written stays. Only what is kept here"
    " alone would be lost: runs, moves and the ledger of what was written."
)
_FULL = (
    "Free some space on this disk and run the command again. Nothing is lost: the last commit"
    " stands, and the next run goes on from there."
)
_READ_ONLY = (
    "Give the user that runs leadripe the right to write this folder, or set `store:` in"
    " leadripe.yaml to another one. Nothing is lost."
)
_LOCKED = "Wait until the other process has ended, then run the command again. Nothing is lost."
_AGAIN = "Run the command again; if it fails the same way, report it. The last commit stands."

_BY_SQLITE_CODE = {
    sqlite3.SQLITE_FULL: ("the disk is full", _FULL),
    sqlite3.SQLITE_READONLY: ("the store cannot be written", _READ_ONLY),
    sqlite3.SQLITE_CANTOPEN: ("the store's file cannot be opened", _READ_ONLY),
    sqlite3.SQLITE_PERM: ("the store's file cannot be opened", _READ_ONLY),
    sqlite3.SQLITE_BUSY: ("another process keeps the store's file locked", _LOCKED),
    sqlite3.SQLITE_LOCKED: ("another process keeps the store's file locked", _LOCKED),
    sqlite3.SQLITE_CORRUPT: ("the store's file is damaged", REBUILD),
    sqlite3.SQLITE_NOTADB: ("the store's file is no SQLite database", REBUILD),
}
_BY_ERRNO = {
    errno.ENOSPC: ("the disk is full", _FULL),
    errno.EDQUOT: ("the disk quota is used up", _FULL),
    errno.EFBIG: ("a file reached the largest size allowed here", _FULL),
    errno.EACCES: ("the store cannot be read or written", _READ_ONLY),
    errno.EPERM: ("the store cannot be read or written", _READ_ONLY),
    errno.EROFS: ("the store is on a disk that is read-only", _READ_ONLY),
    errno.ENOENT: ("a file of the store is missing", REBUILD),
}


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Turn what SQLite, Arrow and the system raise in the block into a StoreError."""
    try:
        yield
    except sqlite3.Error as error:
        raise _of_sqlite(error, folder) from error
    except pa.ArrowInvalid as error:
        # Arrow reports damaged files so; what we build ourselves has its schema from `columns`.
        raise StoreError(
            what="a file of activities cannot be read", where=str(folder), do=REBUILD
        ) from error
    except OSError as error:
        raise _of_system(error, folder) from error
    except pa.ArrowException as error:
        raise StoreError(
            what=f"activities cannot be handled: {type(error).__name__}",
            where=str(folder),
            do=_AGAIN,
        ) from error


def _of_sqlite(error: sqlite3.Error, folder: Path) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte; above it stand details
    if code == sqlite3.SQLITE_IOERR:
        # SQLite has one code for many faults of a disk; being full is by far the commonest.
        return StoreError(
            what="the disk failed to read or write the store", where=str(folder), do=_FULL
        )
    what, do = _BY_SQLITE_CODE.get(code, (f"the store failed: {error}", _AGAIN))
    return StoreError(what=what, where=str(folder), do=do)


def _of_system(error: OSError, folder: Path) -> StoreError:
    what, do = _BY_ERRNO.get(
        error.errno or 0, (f"the store failed: {error.strerror or type(error).__name__}", _AGAIN)
    )
    return StoreError(what=what, where=str(error.filename or folder), do=do)
