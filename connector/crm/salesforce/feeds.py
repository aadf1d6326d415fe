"""Reading of one object: everything once, then what changed; by pages, or as a file if it is much.

A window of reading has a lower end and no upper one: what is read beyond `until` is read again next
time. `until` is the instant before which no transaction is still under way, as `/updated` tells it:
a row that is committed later has a later stamp. Where it is not told, ten minutes are read again,
the longest that a transaction lasts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connector.crm.salesforce import soql
from connector.crm.salesforce.bulk import BulkQuery, LostJobError
from connector.crm.salesforce.client import (
    MOST_HEAVY,
    Client,
    Sub,
    SubReply,
    as_object,
    chunks,
    objects,
)
from connector.crm.salesforce.judging import ConflictError, unavailable
from connector.crm.salesforce.place import Place
from connector.crm.salesforce.refusal import Refusal, parse_entry
from connector.crm.salesforce.rows import Row, flattener
from connector.crm.salesforce.soql import Condition
from connector.crm.values import EPOCH, moment

BULK_FROM = 10_000
"""From so many rows on a file is cheaper: five pages of REST cost as many calls."""
SLICE = 2_000
"""Rows of a file that become one page of ours, with a checkpoint behind it."""
_OVERLAP = timedelta(minutes=10)
_SETTLED = timedelta(minutes=1)
_LOOK_BACK = timedelta(minutes=2)
_DELETED_WITHIN = timedelta(days=14)
_SLOW = frozenset({"QUERY_TIMEOUT", "OPERATION_TOO_LARGE"})


@dataclass(frozen=True, slots=True)
class Feed:
    """One object as it is read.

    `columns`: everything to select, `stamp` and `identity` among them. `conditions` hold for every
    reading, `at_first` for the first alone. `tells_deletions`: `/deleted` is asked as well, for
    what was thrown out of the recycle bin. `numbers`: columns whose texts a file writes as `45.0`.
    """

    name: str
    source: str
    columns: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    at_first: tuple[Condition, ...] = ()
    stamp: str = "SystemModstamp"
    identity: str = "Id"
    clock_of: str = ""
    tells_deletions: bool = False
    numbers: frozenset[str] = frozenset()

    @property
    def watched(self) -> str:
        """The object whose stamps are looked at."""
        return self.clock_of or self.source


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that were read together. `purged`: ids that are gone without a row of their own."""

    feed: Feed
    rows: Sequence[Row]
    purged: Sequence[str] = ()
    total: int | None = None


@dataclass(slots=True)
class Opening:
    """The first answer of a window: its first page, and until when nothing more can turn up."""

    page: SubReply
    until: int
    purged: list[str] = field(default_factory=list)

    @property
    def total(self) -> int | None:
        """How many rows the window has, where the first page tells it."""
        body = self.page.body
        total = body.get("totalSize") if isinstance(body, dict) else None
        return total if isinstance(total, int) else None


class Reader:
    """Reads feeds. `openings`: first answers that were fetched together, for feeds by name."""

    def __init__(self, client: Client, *, bulk_from: int = BULK_FROM) -> None:
        self._client = client
        self._bulk = BulkQuery(client)
        self._bulk_from = bulk_from

    def open(self, feeds: Sequence[tuple[Feed, Place]]) -> dict[str, Opening]:
        """Fetch the first answer of each feed's window: five feeds are one call."""
        found: dict[str, Opening] = {}
        for some in chunks(feeds, MOST_HEAVY):
            found.update(self._opened(some))
        return found

    def _opened(self, feeds: Sequence[tuple[Feed, Place]]) -> dict[str, Opening]:
        began = self._client.now()
        # What was under way is asked first: whatever began before it is visible to the queries.
        watched = list(dict.fromkeys(feed.watched for feed, _ in feeds))
        deleting = [(feed, place) for feed, place in feeds if _asks_deletions(feed, place, began)]
        subs = [
            *(_updated(name, began) for name in watched),
            *(_deleted(feed.source, place, began) for feed, place in deleting),
            *(Sub("GET", "/queryAll", {"q": _query(feed, place)}) for feed, place in feeds),
        ]
        answers = self._client.composite(subs)
        covered = dict(zip(watched, answers, strict=False))
        purged = {
            feed.name: [str(each.get("id")) for each in objects(answer.body, "deletedRecords")]
            for (feed, _), answer in zip(deleting, answers[len(watched) :], strict=False)
        }
        pages = answers[len(watched) + len(deleting) :]
        return {
            feed.name: Opening(
                page, _until(covered[feed.watched], began), purged.get(feed.name, [])
            )
            for (feed, _), page in zip(feeds, pages, strict=True)
        }

    def read(self, feed: Feed, place: Place, opening: Opening | None) -> Iterator[Batch]:
        """Yield what is new in a feed, and move `place` behind each batch before it is yielded."""
        if place.job:
            yield from self._resumed(feed, place)
            if place.is_open:
                return
            opening = None
        found = opening or self.open([(feed, place)])[feed.name]
        if not place.is_open:
            place.open(found.until)
        if found.page.is_done:
            yield from self._paged(feed, place, found)
            return
        why = _why(found.page)
        if why.code not in _SLOW:
            raise unavailable(why.says) if why.is_passing else ConflictError(why)
        yield from self._filed(feed, place, found.purged)

    def _paged(self, feed: Feed, place: Place, opening: Opening) -> Iterator[Batch]:
        body = as_object(opening.page.body)
        total = body.get("totalSize")
        if isinstance(total, int) and total > self._bulk_from and not place.stamp:
            yield from self._filed(feed, place, opening.purged)
            return
        flat = flattener(feed.columns)
        purged: Sequence[str] = opening.purged
        while True:
            rows = [flat(record) for record in objects(body, "records")]
            following = body.get("nextRecordsUrl")
            if isinstance(following, str) and rows:
                self._step(feed, place, rows[-1])
            else:
                place.close()
            yield Batch(feed, rows, purged, total if isinstance(total, int) else None)
            if not place.is_open:
                return
            purged = ()
            body = as_object(self._client.get(_local(str(following))))

    def _step(self, feed: Feed, place: Place, row: Row) -> None:
        stamp, last = row[feed.stamp], row[feed.identity]
        at = moment(stamp) if stamp else None
        if at is None or last is None:
            raise unavailable(f"a row of {feed.source} came without {feed.stamp}")
        place.stamp, place.last = at // 1_000_000, last

    def _filed(self, feed: Feed, place: Place, purged: Sequence[str]) -> Iterator[Batch]:
        """Read the window as a file: begun, and remembered, before anything of it is fetched."""
        place.job = self._bulk.start(_query(feed, place, in_order=False))
        yield Batch(feed, (), purged)
        yield from self._resumed(feed, place)

    def _resumed(self, feed: Feed, place: Place) -> Iterator[Batch]:
        try:
            total = self._bulk.wait(place.job).processed
            rows: list[Row] = []
            for arrival in self._bulk.rows(place.job, place.locator, place.row):
                rows.append(_tidy(arrival.row, feed.numbers))
                if len(rows) >= SLICE:
                    place.locator, place.row = arrival.locator, arrival.place
                    yield Batch(feed, rows, total=total)
                    rows = []
            place.close()
            yield Batch(feed, rows, total=total)
        except LostJobError:
            place.is_open, place.job = False, ""


def _asks_deletions(feed: Feed, place: Place, now: datetime) -> bool:
    if not feed.tells_deletions or place.is_first or place.job:
        return False
    age = now - instant(place.read)
    return timedelta(minutes=1) < age < _DELETED_WITHIN


def _query(feed: Feed, place: Place, *, in_order: bool = True) -> str:
    conditions = [*feed.conditions]
    if place.is_first:
        conditions += feed.at_first
    else:
        conditions.append(soql.at(feed.stamp, ">=", instant(place.read)))
    if place.stamp:
        after = instant(place.stamp)
        conditions.append(soql.behind(feed.stamp, after, feed.identity, place.last))
    order = (feed.stamp, feed.identity) if in_order else ()
    return soql.select(feed.columns, feed.source, conditions, order=order)


def _updated(source: str, now: datetime) -> Sub:
    query = {"start": soql.moment(now - _LOOK_BACK), "end": soql.moment(now)}
    return Sub("GET", f"/sobjects/{source}/updated/", query)


def _deleted(source: str, place: Place, now: datetime) -> Sub:
    query = {"start": soql.moment(instant(place.read)), "end": soql.moment(now + _SETTLED)}
    return Sub("GET", f"/sobjects/{source}/deleted/", query)


def _until(covered: SubReply, now: datetime) -> int:
    told = as_object(covered.body).get("latestDateCovered") if covered.is_done else None
    at = moment(told) if isinstance(told, str) else None
    if at is None:
        return seconds(now - _OVERLAP)
    return min(at // 1_000_000, seconds(now - _SETTLED))


def _why(page: SubReply) -> Refusal:
    first = next(iter(objects(page.body)), {})
    return parse_entry(first, page.status)


def _local(url: str) -> str:
    """Return a next page's path; a URL that leads elsewhere is not followed."""
    if not url.startswith("/services/data/"):
        raise unavailable("a next page's address leads elsewhere")
    return url


def _tidy(row: Row, numbers: frozenset[str]) -> Row:
    if not numbers:
        return row
    return {
        name: text.removesuffix(".0") if text and name in numbers else text
        for name, text in row.items()
    }


def instant(second: int) -> datetime:
    """Return the instant of a stamp."""
    return EPOCH + timedelta(seconds=second)


def seconds(at: datetime) -> int:
    """Return an instant as stamps count."""
    return int((at.astimezone(UTC) - EPOCH) // timedelta(seconds=1))
