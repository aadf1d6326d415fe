"""Where reading of a stream stands, as it is kept in the checkpoint."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import orjson

from connector.crm.values import millis

NO_ID = "0"


class Phase(StrEnum):
    """What is being read."""

    ARCHIVED = "archived"  # the list of deleted records, at the start of a sweep
    LIST = "list"  # the whole list, by id
    CHANGES = "changes"  # what changed since, by search


@dataclass(frozen=True, slots=True)
class Echo:
    """A span of time in which we wrote; HubSpot's clock, milliseconds."""

    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Span:
    """Changes to read, from `start` to before `end` (None: open), by id; our `echo` left out."""

    start: int
    end: int | None = None
    echo: Echo | None = None


@dataclass(slots=True)
class Place:
    """Moments are milliseconds by HubSpot's clock.

    `after`: the list's cursor. `began`: when the list, or the sweep that it belongs to, began; all
    that changed before it is in the list. `read`: up to when changes have been read. `todo`: spans
    still to be read, the first of them above the id `last`. `converted`: the latest form submission
    of any contact seen. `deleted`: up to when deletions are known. `names`: properties that were
    asked for beside those that always are, where a stream takes note of it.
    """

    phase: Phase = Phase.LIST
    after: str = ""
    began: int = 0
    listed: int = 0
    read: int = 0
    todo: list[Span] = field(default_factory=list)
    last: str = NO_ID
    converted: int = 0
    deleted: int = 0
    names: list[str] = field(default_factory=list)

    def dump(self) -> str:
        """Return the checkpoint."""
        return orjson.dumps(self).decode()

    def open_window(self, now: int, behind: int, echoes: list[Echo]) -> None:
        """Set out to read what changed since the last window, and a while before it.

        The search index lags: what changed shortly before the last window was read can turn up in
        it afterwards. Nothing from before the last whole list is asked for: that does not lag.
        """
        self.todo = cut(max(self.listed, self.read - behind), echoes)
        self.last = NO_ID
        self.read = now


def load(checkpoint: str | None) -> Place:
    """Return the place that a checkpoint names; the beginning if it cannot be read."""
    if checkpoint is None:
        return Place()
    try:
        data = orjson.loads(checkpoint)
        spans = [_span(each) for each in data.pop("todo")]
        return Place(phase=Phase(data.pop("phase")), todo=spans, **data)
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError):
        # Reading everything again is always right; guessing a place is not.
        return Place()


def _span(data: dict[str, object]) -> Span:
    start, end, echo = data["start"], data["end"], data["echo"]
    if not isinstance(start, int) or not (end is None or isinstance(end, int)):
        raise TypeError("a span without moments")
    return Span(start, end, Echo(**echo) if isinstance(echo, dict) else None)


_SLICE_MS = 120_000
_MOST_SLICES = 20
_PAD_MS = 2_000


def echo_of(since: datetime, until: datetime) -> Echo:
    """Return a span of writing: a little earlier, for clocks that differ, and to the very end.

    `until` is HubSpot's own stamp of our last write: what changed later was not our doing.
    """
    return Echo(millis(since) - _PAD_MS, millis(until) + 1)


def cut(start: int, echoes: list[Echo]) -> list[Span]:
    """Cut the time from `start` on into spans with one slice of an echo each, at most.

    A search has room for one echo. Slices are short: an edit by a person is hidden only if it falls
    into the same slice as our own write to that contact, and then until the next sweep.
    """
    spans: list[Span] = []
    for part in _slices(start, echoes):
        spans.append(Span(start, part.until, part))
        start = part.until
    return [*spans, Span(start)] if not spans else _open_end(spans)


def _open_end(spans: list[Span]) -> list[Span]:
    last = spans[-1]
    return [*spans[:-1], Span(last.start, None, last.echo)]


def _slices(start: int, echoes: list[Echo]) -> list[Echo]:
    slices: list[Echo] = []
    for echo in sorted(echoes, key=lambda each: each.since):
        since = max(start, echo.since, slices[-1].until if slices else start)
        length = max(_SLICE_MS, (echo.until - since) // _MOST_SLICES + 1)
        while since < echo.until:
            slices.append(Echo(since, min(since + length, echo.until)))
            since = slices[-1].until
    return slices


SWEEP_EVERY = timedelta(days=1)
