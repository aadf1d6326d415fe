"""Where reading stands, as it is kept in the checkpoint: one place for each feed of a stream."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import orjson

VERSION = 1
_EARLIEST = 1


@dataclass(slots=True)
class Place:
    """Instants are seconds since 1970 by Salesforce's clock, as its stamps are.

    `read`: what was stamped before it has been read, 0: nothing yet. While a window is being read
    (`is_open`): `until` is what `read` becomes at its end; rows up to the one stamped `stamp` with
    the id `last` have been read of it; or it is read as a file, by the job `job`, whose page behind
    `locator` has been read up to row `row`. `columns`: what could be read so far, apart by spaces.
    """

    read: int = 0
    is_open: bool = False
    until: int = 0
    stamp: int = 0
    last: str = ""
    job: str = ""
    locator: str = ""
    row: int = 0
    columns: str = ""

    @property
    def is_first(self) -> bool:
        """Whether nothing has been read as a whole yet."""
        return not self.read

    def sees(self, columns: Iterable[str]) -> bool:
        """Take note of what can be read now; tell whether there is more of it than before.

        Then what was read lacks it: a field that is new, or shown to us at last, moves no stamp.
        """
        now, before = {name.lower() for name in columns}, set(self.columns.split())
        has_more = bool(before and now - before)
        if not has_more:
            self.columns = " ".join(sorted(now))
        return has_more

    def begin_anew(self, columns: Iterable[str]) -> None:
        """Let everything be read once more, as news: what was told of it may be outdated."""
        self.read = _EARLIEST
        self.columns = " ".join(sorted({name.lower() for name in columns}))

    def open(self, until: int) -> None:
        """Begin a window."""
        self.is_open, self.until = True, until
        self.stamp, self.last = 0, ""
        self.job, self.locator, self.row = "", "", 0

    def close(self) -> None:
        """End the window: all of it has been read."""
        self.read = max(self.read, self.until)
        self.is_open = False
        self.stamp, self.last = 0, ""
        self.job, self.locator, self.row = "", "", 0


Places = dict[str, Place]
"""{feed: its place}."""


def dump(places: Mapping[str, Place]) -> str:
    """Return the checkpoint."""
    return orjson.dumps({"version": VERSION, "feeds": dict(places)}).decode()


def load(checkpoint: str | None) -> Places:
    """Return the places that a checkpoint names; none, the beginning, if it cannot be read."""
    if checkpoint is None:
        return {}
    try:
        data = orjson.loads(checkpoint)
        if data["version"] != VERSION:
            return {}
        return {str(name): Place(**place) for name, place in data["feeds"].items()}
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        # Reading everything again is always right; guessing a place is not.
        return {}
