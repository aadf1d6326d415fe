import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from connector.errors import BusyError
from connector.store import EmbeddedStore
from tests.fakes.clock import MONDAY, FakeClock
from tests.store.shelf import new_store


def start(part: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - the arguments are ours
        [sys.executable, "-m", "tests.store.process", part, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_only_one_store_holds_the_lease(store: EmbeddedStore, folder: Path) -> None:
    with new_store(folder) as other:
        with store.lease(), store.lease():
            run = store.start_run("sync", MONDAY, "rules")
            with pytest.raises(BusyError) as caught, other.lease():
                pass
            assert f"run {run} is under way: process {os.getpid()}" in caught.value.what
            with pytest.raises(BusyError):
                other.settle_activities()
        with other.lease():
            pass


def test_an_error_inside_the_lease_frees_it_and_is_not_reworded(store: EmbeddedStore) -> None:
    with pytest.raises(OSError, match="mine"), store.lease():
        raise OSError("mine")
    with store.lease():
        pass


@pytest.mark.skipif(os.name == "nt", reason="signals are sent")
def test_a_process_that_dies_or_sleeps_gives_up_or_keeps_the_lease(folder: Path) -> None:
    new_store(folder).close()
    with start("hold", folder) as holder:
        assert heard(holder) == "held"
        holder.send_signal(signal.SIGSTOP)  # it may wake up and write: nobody takes its place
        with new_store(folder) as store:
            with pytest.raises(BusyError, match="run 1 is under way"), store.lease():
                pass
            holder.kill()
            holder.wait()
            with store.lease():
                store.start_run("sync", FakeClock().now(), "rules")
                assert [r.outcome for r in store.load_runs()] == ["running", "interrupted"]
                with start("try", folder) as other:
                    assert heard(other) == "busy"
