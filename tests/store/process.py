"""What another process does in the store's tests: `python -m tests.store.process PART FOLDER`."""

import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

from connector.errors import BusyError
from connector.ports import Outcome, Verdict
from connector.store import EmbeddedStore
from tests.fakes.clock import FakeClock
from tests.store.shelf import accept, contact, gone, memory, new_store, page, visit, write


def hold(folder: Path) -> None:
    """Hold the lease in a run until killed."""
    with new_store(folder) as store, store.lease():
        store.start_run("sync", FakeClock().now(), "rules")
        say("held")
        sys.stdin.read()


def try_lease(folder: Path) -> None:
    """Say whether the lease can be had."""
    with new_store(folder) as store:
        try:
            with store.lease():
                say("got it")
        except BusyError:
            say("busy")


def work(folder: Path, first: int, tell: Callable[[int], None], last: int | None = None) -> None:
    """Save, settle, plan and push round after round, telling each round that is done."""
    rounds = count(first) if last is None else range(first, last + 1)
    with new_store(folder) as store, store.lease():
        for n in rounds:
            one_round(store, n)
            tell(n)


def one_round(store: EmbeddedStore, n: int) -> None:
    """Do all that a run does. Doing it again, or what is missing of it, comes to the same."""
    activities = [visit(f"{n}-{of}", str(of)) for of in range(max(1, n - 2), n + 1)]
    merged = [gone(str(n - 5), str(n - 4))] if n % 10 == 5 and n > 5 else []
    store.save_page("all", page(str(n), contacts=[contact(str(n))], activities=activities))
    store.save_page("all", page(str(n), gone=merged))
    store.settle_activities()
    known = store.find_contact(str(n))
    assert known is not None
    wished = [write(known.no, str(n), n=str(n))] if not known.wrote else []
    run = accept(store, score=memory(known.no), writes=wished)
    answers = [(each, Outcome(Verdict.ACCEPTED)) for each in store.load_waiting("contact", 9)]
    store.settle(answers, run)


def say(word: str) -> None:
    """Tell the test, at once."""
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    part, where = sys.argv[1:]
    {"hold": hold, "try": try_lease}[part](Path(where))
