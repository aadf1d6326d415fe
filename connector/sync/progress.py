"""How far a run is, told to whoever shows it: a bar on a terminal, lines in a log."""

from typing import Protocol


class Progress(Protocol):
    """Told what is being done and how much of it is behind us."""

    def step(self, name: str, *, done: int, total: int | None) -> None:
        """Take note that `done` of `total` (None: unknown) of the step called `name` is done."""
        ...


class Silent:
    """Shows nothing."""

    def step(self, name: str, *, done: int, total: int | None) -> None:
        """Do nothing."""
