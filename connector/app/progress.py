"""Shows how far a run is: a bar on a terminal, a line now and then elsewhere. Always on stderr."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from connector.app import interrupts
from connector.sync.progress import Progress

__all__ = ["Progress", "shown"]

log = structlog.get_logger()

SECONDS_BETWEEN_LINES = 5.0


class Lines:
    """Tells when a step begins, every few seconds, and when it ends: for logs of scheduled jobs."""

    def __init__(self, tell: Callable[[str, int, int | None], None]) -> None:
        self._tell = tell
        self._name = ""
        self._told_at = 0.0

    def step(self, name: str, *, done: int, total: int | None) -> None:
        """Tell how far the step is, unless it was told a moment ago."""
        now = time.monotonic()
        is_end = total is not None and done >= total
        if name == self._name and not is_end and now - self._told_at < SECONDS_BETWEEN_LINES:
            return
        if name == self._name and is_end and self._told_at == 0.0:
            return
        self._name, self._told_at = name, 0.0 if is_end else now
        self._tell(name, done, total)


def _print(name: str, done: int, total: int | None) -> None:
    of = f" of {total:,}" if total is not None else ""
    sys.stderr.write(f"{name}: {done:,}{of}\n")


def _log(name: str, done: int, total: int | None) -> None:
    log.info("progress", step=name, done=done, total=total)


class Bars:
    """Shows one bar for each step, kept when it is done."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        self._bars = RichProgress(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._tasks: dict[str, object] = {}

    def __enter__(self) -> "Bars":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def step(self, name: str, *, done: int, total: int | None) -> None:
        """Move the step's bar."""
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total)
        task = self._tasks[name]
        self._bars.update(task, completed=done, total=total)  # type: ignore[arg-type]  # rich's id


class Attentive:
    """Shows what another does, and ends the work at its next step if it was told to."""

    def __init__(self, shows: Progress) -> None:
        self._shows = shows

    def step(self, name: str, *, done: int, total: int | None) -> None:
        """Show the step, unless Ctrl-C came meanwhile."""
        interrupts.check()
        self._shows.step(name, done=done, total=total)


@contextmanager
def shown(*, as_events: bool) -> Iterator[Progress]:
    """Yield what a long command tells its progress to.

    `as_events`: as log events, since whoever asked for logs in JSON reads stderr by machine.
    """
    if as_events:
        yield Attentive(Lines(_log))
    elif sys.stderr.isatty():
        with Bars() as bars:
            yield Attentive(bars)
    else:
        yield Attentive(Lines(_print))
