import multiprocessing
import os
import random
import sqlite3
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Timer

import pytest

from connector.store import EmbeddedStore
from tests.store.process import work
from tests.store.shelf import new_store, seen

KILLS = 50


@pytest.mark.skipif(os.name == "nt", reason="nothing there forks quickly")
def test_what_was_told_to_be_done_survives_kills(folder: Path) -> None:
    """Every process goes on where the one that was killed before it said it was."""
    dice = random.Random(7)  # noqa: S311 - chance, not a secret
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.store.process"])
    done = 0
    for _ in range(KILLS):
        hears, tells = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(folder, done + 1, tells.send))
        process.start()
        tells.close()
        done = _last_told(hears, done, first_at=dice)
        timer = Timer(dice.uniform(0, 0.06), process.kill)
        timer.start()
        done = _last_told(hears, done)
        process.join()
        timer.join()
        assert process.exitcode == -9, "it ended by itself"
        _is_sound(folder)
    work(folder, done + 1, lambda _: None, last=done + 1)
    with new_store(folder) as store:
        _is_as_if_never_killed(store, done + 1)


def _last_told(hears: Connection, done: int, first_at: random.Random | None = None) -> int:
    """Return the last round told before the process ended, or the first one now and then."""
    if first_at is not None and first_at.random() < 0.5:
        return done  # kill it while it opens the store
    try:
        while True:
            done = hears.recv()
            if first_at is not None:
                return done
    except EOFError:
        return done


def _is_sound(folder: Path) -> None:
    if not (folder / "state.db").exists():
        return  # killed before it made the store
    with sqlite3.connect(folder / "state.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


def _is_as_if_never_killed(store: EmbeddedStore, last: int) -> None:
    survivors = {n - 5: n - 4 for n in range(15, last + 1, 10)}
    wanted: dict[str, list[str]] = {}
    for n in range(1, last + 1):
        for of in range(max(1, n - 2), n + 1):
            wanted.setdefault(str(survivors.get(of, of)), []).append(f"forms:{n}-{of}")
    assert seen(store) == {of: sorted(ids) for of, ids in wanted.items()}
    assert store.load_checkpoint("all") == str(last)
    assert store.count()["waiting"] == 0
    for n in range(1, last + 1):
        known = store.find_contact(str(n))
        assert known is not None
        written = [record.values for record in store.load_ledger(known.no)]
        assert written.count({"n": str(n)}) == 1, f"write {n} is in the ledger {written}"
