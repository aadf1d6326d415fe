"""Reads an object type to a place and on from it: the whole list once, then what changed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from connector.crm.hubspot.client import Client
from connector.crm.hubspot.judging import ConflictError
from connector.crm.hubspot.objects import Filter, Foreign, ObjectReader
from connector.crm.hubspot.place import NO_ID, Echo, Phase, Place, Span
from connector.crm.hubspot.wire import Row
from connector.crm.values import millis, moment

_BIN_OVERLAP = timedelta(hours=1) // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Lag:
    """How far behind the last window changes are read again.

    `index`: how long HubSpot's search may take to show a change; `overlap`: a margin on top.
    """

    index: timedelta = timedelta(minutes=2)
    overlap: timedelta = timedelta(minutes=10)

    @property
    def millis(self) -> int:
        """Both together."""
        return (self.index + self.overlap) // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of records. `inline`: they carry their links. `deleted`: they are in the bin."""

    rows: Sequence[Row]
    inline: bool = False
    deleted: bool = False


def _none() -> Sequence[Echo]:
    return ()


@dataclass(frozen=True, slots=True)
class Follower:
    """How one object type is followed. `always`, `foreign`: as in `ObjectReader.search_page`.

    `searched`: begin with a search since ever instead of the list, for the few records of many that
    `always` picks. `echoes`: when we wrote. `relists`: read the whole list again behind the bin.
    """

    client: Client
    reader: ObjectReader
    lag: Lag
    always: Sequence[Filter] = ()
    foreign: Foreign | None = None
    searched: bool = False
    echoes: Callable[[], Sequence[Echo]] = _none
    relists: bool = True

    def pages(self, place: Place) -> Iterator[Found]:
        """Yield pages, and move `place` behind each before it is yielded."""
        if place.phase is not Phase.CHANGES:
            yield from self._listed(place)
        if place.todo:
            yield from self._changed(place)
        opened = _Stamp.now(self.client)
        place.open_window(opened.at, self.lag.millis, list(self.echoes()))
        for found in self._changed(place):
            place.read = opened.corrected(self.client)
            yield found

    def _listed(self, place: Place) -> Iterator[Found]:
        if self.searched:
            place.phase = Phase.CHANGES
            return
        began = None
        if not place.began:
            began = _Stamp.now(self.client)
            self._begin(place, began.at)
        if place.phase is Phase.ARCHIVED:
            yield from self._binned(place)
        while place.phase is Phase.LIST:
            rows, place.after = self.reader.list_page(place.after)
            if began is not None:
                place.began = began.corrected(self.client)
            if not place.after:
                place.phase = Phase.CHANGES
                place.listed = place.read = place.began
                place.began = 0
            yield Found(rows, inline=True)

    def _begin(self, place: Place, began: int) -> None:
        place.began = began
        if not place.deleted:
            place.deleted = began

    def _binned(self, place: Place) -> Iterator[Found]:
        while place.phase is Phase.ARCHIVED:
            rows, place.after = self.reader.list_page(place.after, archived=True)
            if not place.after:
                place.phase = Phase.LIST if self.relists else Phase.CHANGES
            yield Found(rows, deleted=True)

    def _changed(self, place: Place) -> Iterator[Found]:
        while place.todo:
            rows, place.last = self._search(place, place.todo[0])
            if not place.last:
                place.todo, place.last = place.todo[1:], NO_ID
            yield Found(rows)

    def _search(self, place: Place, span: Span) -> tuple[list[Row], str]:
        try:
            return self.reader.search_page(
                span, place.last, always=self.always, foreign=self.foreign
            )
        except ConflictError:
            if span.echo is None or self.foreign is None:
                raise
        # The property that marks our writes is not there (yet): read our own changes too.
        place.todo[0] = Span(span.start, span.end)
        return self.reader.search_page(place.todo[0], place.last, always=self.always)


def newly_deleted(rows: Sequence[Row], place: Place) -> list[Row]:
    """Return those of a page of the bin that were deleted since it was last read.

    The bin always shows its whole ninety days. Behind its last page `place` takes note.
    """
    since = place.deleted - _BIN_OVERLAP
    if place.phase is not Phase.ARCHIVED:
        place.deleted = place.began
    return [row for row in rows if (moment(row.get("archivedAt") or "") or 0) // 1_000 >= since]


@dataclass(frozen=True, slots=True)
class _Stamp:
    """A moment taken before a call, perhaps before any reply has told HubSpot's time."""

    at: int
    ahead: timedelta

    @classmethod
    def now(cls, client: Client) -> "_Stamp":
        return cls(millis(client.now()), client.ahead)

    def corrected(self, client: Client) -> int:
        """Return it by what replies have told since.

        Never later than it truly was: what replies tell is rounded down to the second.
        """
        return self.at + (client.ahead - self.ahead) // timedelta(milliseconds=1)
