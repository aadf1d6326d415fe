"""Shows how far a run is: a bar on a terminal, a line now and then elsewhere. Always on stderr."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from connector.sync.progress import Progress, Silent

SECONDS_BETWEEN_LINES = 5.0


class Lines:
    """Prints a line when a step begins and then every few seconds, for logs of scheduled jobs."""

    def __init__(self) -> None:
        self._name = ""
        self._told_at = 0.0

    def step(self, name: str, *, done: int, total: int | None) -> None:
        """Print how far the step is, unless it was told a moment ago."""
        now = time.monotonic()
        is_end = total is not None and done >= total
        if name == self._name and not is_end and now - self._told_at < SECONDS_BETWEEN_LINES:
            return
        if name == self._name and is_end and self._told_at == 0.0:
            return
        self._name, self._told_at = name, 0.0 if is_end else now
        of = f" of {total:,}" if total is not None else ""
        sys.stderr.write(f"{name}: {done:,}{of}\n")


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


@contextmanager
def shown(*, quiet: bool = False) -> Iterator[Progress]:
    """Yield what a long command tells its progress to."""
    if quiet:
        yield Silent()
    elif sys.stderr.isatty():
        with Bars() as bars:
            yield bars
    else:
        yield Lines()
