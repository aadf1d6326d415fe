"""Who writes: one process at a time, and a message that says which."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.errors import BusyError
from connector.ports import Clock
from connector.store.database import Database
from connector.store.encoding import from_us, to_us
from connector.store.lock import try_lock, unlock

_HOLD = """
INSERT OR REPLACE INTO lease (one, run, pid, host, since_us) VALUES (1, NULL, ?, ?, ?)
"""


class Lease:
    """The right to write. The file lock decides; the row in the store only names the holder.

    A holder that was stopped keeps the lock and can go on when it wakes up: nobody can have taken
    its place in between.
    """

    def __init__(self, database: Database, folder: Path, clock: Clock) -> None:
        self._database = database
        self._folder = folder
        self._clock = clock
        self._depth = 0

    @property
    def is_held(self) -> bool:
        """Tell whether this store holds it."""
        return self._depth > 0

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lease, or raise BusyError. Holding it again inside is no second lease."""
        if self._depth:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            return
        handle = try_lock(self._folder)
        if handle is None:
            raise self._busy()
        try:
            self._name_holder()
            self._depth = 1
            yield
        finally:
            self._depth = 0
            unlock(handle)

    def is_free(self) -> bool:
        """Tell whether nobody held it a moment ago."""
        handle = try_lock(self._folder)
        if handle is None:
            return False
        unlock(handle)
        return True

    def _name_holder(self) -> None:
        row = (os.getpid(), socket.gethostname(), to_us(self._clock.now()))
        with self._database.writing():
            self._database.run(_HOLD, row)

    def _busy(self) -> BusyError:
        holder = self._database.one("SELECT run, pid, host, since_us FROM lease")
        run, pid, host, since_us = holder or (None, "?", "?", 0)
        since = from_us(since_us).isoformat() if isinstance(since_us, int) else "?"
        name = "another command" if run is None else f"run {run}"
        return BusyError(
            what=f"{name} is under way: process {pid} on {host}, since {since}",
            where=str(self._folder),
            do="Wait until it has ended, then run the command again. Nothing was read or written.",
        )
