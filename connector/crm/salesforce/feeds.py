"""Reading of one object: everything once, then what changed; by pages, or as a file if it is much.

Every batch ends at a place where reading can go on, also where a cursor or a file is lost.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import structlog

from connector.crm.salesforce.bulk import BulkQuery, JobFailedError, LostJobError
from connector.crm.salesforce.client import Client, as_object, objects
from connector.crm.salesforce.judging import ConflictError, unavailable
from connector.crm.salesforce.place import Place
from connector.crm.salesforce.rows import Row, flattener, tidier
from connector.crm.salesforce.windows import Feed, Opening, open_windows, query_of, why_not
from connector.crm.values import moment
from connector.errors import CrmRefusedError

log = structlog.get_logger()

BULK_FROM = 10_000
"""From so many rows on a file is cheaper: five pages of REST cost as many calls."""
SLICE = 2_000
"""Rows of a file that become one page of ours, with a checkpoint behind it."""
_SLOW = frozenset({"QUERY_TIMEOUT", "OPERATION_TOO_LARGE"})
_NO_CURSOR = "INVALID_QUERY_LOCATOR"
_OPENINGS = 4  # of one window, before reading is given up


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that were read together.

    `purged`: ids that are gone without a row of their own. `is_first`: nothing had been read of the
    feed as a whole before, so nothing that was told of it can be outdated.
    """

    feed: Feed
    rows: Sequence[Row]
    purged: Sequence[str] = ()
    total: int | None = None
    is_first: bool = False


class Reader:
    """Reads feeds."""

    def __init__(self, client: Client, *, bulk_from: int = BULK_FROM) -> None:
        self._client = client
        self._bulk = BulkQuery(client)
        self._bulk_from = bulk_from

    def open(self, feeds: Sequence[tuple[Feed, Place]]) -> dict[str, Opening]:
        """Fetch the first answer of each feed's window: five feeds are one call."""
        return open_windows(self._client, feeds)

    def read(self, feed: Feed, place: Place, opening: Opening | None) -> Iterator[Batch]:
        """Yield what is new in a feed, and move `place` behind each batch before it is yielded."""
        sees_more = place.sees(feed.columns)
        yield from self._news(feed, place, opening)
        if sees_more:
            log.info("columns.more", object=feed.source)
            place.begin_anew(feed.columns)
            yield from self._news(feed, place, None)

    def _news(self, feed: Feed, place: Place, opening: Opening | None) -> Iterator[Batch]:
        if place.job:
            yield from self._adopted(feed, place)
            opening = None
        refused: CrmRefusedError | None = None
        for _ in range(_OPENINGS):
            found = opening or self.open([(feed, place)])[feed.name]
            opening = None
            if not place.is_open:
                place.open(found.until)
            try:
                if (yield from self._window(feed, place, found, by_file=refused)):
                    return
            except JobFailedError as failed:
                _tell(feed, failed)
                refused = failed.refused
        raise refused or unavailable(f"what {feed.source} holds was lost while it was read")

    def _adopted(self, feed: Feed, place: Place) -> Iterator[Batch]:
        """Read the file that an earlier run began; without a result it is begun anew."""
        try:
            yield from self._resumed(feed, place)
        except JobFailedError as failed:
            _tell(feed, failed)

    def _window(
        self, feed: Feed, place: Place, found: Opening, *, by_file: CrmRefusedError | None
    ) -> Generator[Batch, None, bool]:
        """Read an open window; tell whether it came to its end, or has to be opened again.

        `by_file`: why it cannot be read as a file, if it cannot.
        """
        if not found.page.is_done:
            why = why_not(found.page)
            if why.code not in _SLOW:
                raise unavailable(why.says) if why.is_passing else ConflictError(why)
            if by_file is not None:
                raise by_file
            return (yield from self._filed(feed, place, found.purged))
        is_much = (found.total or 0) > self._bulk_from
        if is_much and not place.stamp and by_file is None:
            return (yield from self._filed(feed, place, found.purged))
        return (yield from self._paged(feed, place, found))

    def _paged(self, feed: Feed, place: Place, found: Opening) -> Generator[Batch, None, bool]:
        flat = flattener(feed.columns)
        is_first = place.is_first
        body = as_object(found.page.body)
        purged: Sequence[str] = found.purged
        while True:
            rows = [flat(record) for record in objects(body, "records")]
            following = body.get("nextRecordsUrl")
            if not isinstance(following, str):
                place.close()
            elif rows:
                self._step(feed, place, rows[-1])
            yield Batch(feed, rows, purged, found.total, is_first=is_first)
            if not isinstance(following, str):
                return True
            purged = ()
            try:
                body = as_object(self._client.get(_local(following)))
            except ConflictError as refused:
                if refused.why.code != _NO_CURSOR:
                    raise
                return False  # it lives for two days; what is behind the last row is asked anew

    def _step(self, feed: Feed, place: Place, row: Row) -> None:
        stamp, last = row[feed.stamp], row[feed.identity]
        at = moment(stamp) if stamp else None
        if at is None or last is None:
            raise unavailable(f"a row of {feed.source} came without {feed.stamp}")
        place.stamp, place.last = at // 1_000_000, last

    def _filed(
        self, feed: Feed, place: Place, purged: Sequence[str]
    ) -> Generator[Batch, None, bool]:
        """Read the window as a file: begun, and remembered, before anything of it is fetched."""
        try:
            place.job = self._bulk.start(query_of(feed, place, in_order=False))
        except ConflictError as refused:
            raise JobFailedError(refused) from refused  # not every object can be read so
        yield Batch(feed, (), purged, is_first=place.is_first)
        return (yield from self._resumed(feed, place))

    def _resumed(self, feed: Feed, place: Place) -> Generator[Batch, None, bool]:
        """Read a file to its end; tell whether it came to it. One that is lost is forgotten."""
        is_first = place.is_first
        tidy = tidier(feed.columns, feed.numbers)
        # What came before a crash is not counted, so that a part cannot be told to be too small.
        is_whole = not (place.locator or place.row)
        try:
            total = self._bulk.wait(place.job).processed
            rows: list[Row] = []
            count = 0
            for arrival in self._bulk.rows(place.job, place.locator, place.row):
                count += 1
                rows.append(tidy(arrival.row))
                if len(rows) >= SLICE:
                    place.locator, place.row = arrival.locator, arrival.place
                    yield Batch(feed, rows, total=total, is_first=is_first)
                    rows = []
            is_lost = is_whole and count < total
        except LostJobError:
            is_lost = True
        except JobFailedError:
            place.is_open, place.job = False, ""
            raise
        if is_lost:
            place.is_open, place.job = False, ""
            return False
        place.close()
        yield Batch(feed, rows, total=total, is_first=is_first)
        return True


def _tell(feed: Feed, failed: JobFailedError) -> None:
    log.warning("bulk.failed", object=feed.source, why=failed.refused.what)


def _local(url: str) -> str:
    """Return a next page's path; a URL that leads elsewhere is not followed."""
    if not url.startswith("/services/data/"):
        raise unavailable("a next page's address leads elsewhere")
    return url
