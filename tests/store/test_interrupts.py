"""Ctrl-C while the store is at work."""

import signal
from collections.abc import Iterator
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from types import FrameType

import pytest

from connector.store.database import Database, open_database

KEEP = """
INSERT INTO meta (key, value) VALUES ('round', ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path, read_only=False)
    yield opened
    opened.close()


@pytest.fixture
def _ctrl_c() -> Iterator[None]:
    """Make an alarm what Ctrl-C is."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("_ctrl_c")
def test_an_interrupt_leaves_no_transaction_open(database: Database) -> None:
    for microseconds in range(1, 600):
        with suppress(KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, microseconds / 1e6)
            for _ in repeat(None):
                with database.writing():
                    pass
        with database.writing():
            database.run(KEEP, [str(microseconds)])
        assert database.one("SELECT value FROM meta WHERE key = 'round'") == (str(microseconds),)
