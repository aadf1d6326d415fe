"""Ctrl-C at a moment when Python drops it, and the stop of a scheduler."""

import signal
from collections.abc import Iterator

import pytest

from connector.app import interrupts
from connector.app.progress import shown


@pytest.fixture(autouse=True)
def _listening() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    interrupts.listen()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    interrupts.forget()


class Finaliser:
    """Is interrupted while it is thrown away, where an exception can go nowhere."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("as_events", [False, True])
def test_what_python_dropped_ends_the_work_at_its_next_step(*, as_events: bool) -> None:
    with shown(as_events=as_events) as progress:
        progress.step("reading", done=1, total=3)
        Finaliser()
        with pytest.raises(KeyboardInterrupt):
            progress.step("reading", done=2, total=3)
    assert interrupts.exit_code() == 130


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_either_signal_is_an_interruption_with_its_exit_code(
    number: signal.Signals, code: int
) -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    assert interrupts.exit_code() == code


def test_who_ignores_a_signal_goes_on_ignoring_it() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupts.listen()
    signal.raise_signal(signal.SIGINT)
    interrupts.check()
