"""A lock on a file, which the system frees when a process dies, however it dies."""

import os
import sys
from pathlib import Path

FILE = "writer.lock"


def try_lock(folder: Path) -> int | None:
    """Return an open file that holds the lock until it is closed, or None if another has it.

    Not for network file systems, whose locks are not to be trusted; nor is SQLite's log there.
    """
    handle = os.open(folder / FILE, os.O_CREAT | os.O_RDWR | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        _lock(handle)
    except (BlockingIOError, PermissionError):
        os.close(handle)
        return None
    except BaseException:
        os.close(handle)
        raise
    return handle


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # raises PermissionError if taken

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def unlock(handle: int) -> None:
    """Give the lock back."""
    os.close(handle)
