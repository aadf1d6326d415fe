"""A store for each test, in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.store import EmbeddedStore
from tests.fakes.clock import FakeClock
from tests.store.shelf import new_store


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that stands still."""
    return FakeClock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where the store is."""
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path, clock: FakeClock) -> Iterator[EmbeddedStore]:
    """Yield an empty store, bound to an account."""
    with new_store(folder, clock) as opened:
        yield opened
