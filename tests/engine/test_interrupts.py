"""Ctrl-C while DuckDB is at work."""

import signal
from collections.abc import Iterator
from itertools import repeat
from types import FrameType

import duckdb
import pytest

from connector.engine.connection import interruptible

SLOW = "SELECT sum(hash(range)) FROM range(5_000_000)"


def _ctrl_c(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _keep_busy(connection: duckdb.DuckDBPyConnection) -> None:
    """Run queries, until the alarm that is set first."""
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    for query in repeat(SLOW, 1_000):
        connection.execute(query)


@pytest.fixture
def _alarm() -> Iterator[None]:
    """Make an alarm what Ctrl-C is."""
    before = signal.signal(signal.SIGALRM, _ctrl_c)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("_alarm")
def test_an_interrupt_within_a_query_is_one() -> None:
    with duckdb.connect() as connection, pytest.raises(KeyboardInterrupt), interruptible():
        _keep_busy(connection)


def test_an_interrupt_of_the_engine_s_own_is_one() -> None:
    with pytest.raises(KeyboardInterrupt), interruptible():
        raise duckdb.InterruptException


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="no interrupt"), interruptible():
        raise RuntimeError("no interrupt")
