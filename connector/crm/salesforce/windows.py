"""Windows of reading: what is asked for, from when, and until when nothing more can turn up.

A window has a lower end and no upper one: what is read beyond `until` is read again next time.
`until` is the instant before which no transaction is still under way, as `/updated` tells it: a row
that is committed later has a later stamp. Where it is not told, ten minutes are read again, the
longest that a transaction lasts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from connector.crm.salesforce import soql
from connector.crm.salesforce.client import (
    MOST_HEAVY,
    Client,
    Sub,
    SubReply,
    as_object,
    objects,
)
from connector.crm.salesforce.judging import unavailable
from connector.crm.salesforce.place import Place
from connector.crm.salesforce.refusal import Refusal, parse_entry
from connector.crm.salesforce.soql import Condition
from connector.crm.values import EPOCH, moment
from connector.domain.parts import in_parts

log = structlog.get_logger()

_OVERLAP = timedelta(minutes=10)
_SETTLED = timedelta(minutes=1)
_LOOK_BACK = timedelta(minutes=2)
_DELETED_WITHIN = timedelta(days=14)


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


def open_windows(client: Client, feeds: Sequence[tuple[Feed, Place]]) -> dict[str, Opening]:
    """Fetch the first answer of each feed's window: five feeds are one call."""
    found: dict[str, Opening] = {}
    for some in in_parts(feeds, MOST_HEAVY):
        found.update(_opened(client, some))
    return found


def _opened(client: Client, feeds: Sequence[tuple[Feed, Place]]) -> dict[str, Opening]:
    began = client.now()
    # What was under way is asked first: whatever began before it is visible to the queries.
    watched = list(dict.fromkeys(feed.watched for feed, _ in feeds))
    deleting = [(feed, place) for feed, place in feeds if _asks_deletions(feed, place, began)]
    subs = [
        *(_updated(name, began) for name in watched),
        *(_deleted(feed.source, place, began) for feed, place in deleting),
        *(Sub("GET", "/queryAll", {"q": query_of(feed, place)}) for feed, place in feeds),
    ]
    answers = client.composite(subs, in_order=True)
    covered = dict(zip(watched, answers, strict=False))
    purged = {
        feed.name: _purged(feed, answer)
        for (feed, _), answer in zip(deleting, answers[len(watched) :], strict=False)
    }
    pages = answers[len(watched) + len(deleting) :]
    return {
        feed.name: Opening(page, _until(covered[feed.watched], began), purged.get(feed.name, []))
        for (feed, _), page in zip(feeds, pages, strict=True)
    }


def _asks_deletions(feed: Feed, place: Place, now: datetime) -> bool:
    if not feed.tells_deletions or place.is_first or place.job:
        return False
    return now - instant(place.read) > timedelta(minutes=1)


def query_of(feed: Feed, place: Place, *, in_order: bool = True) -> str:
    """Return the query for what a window still holds."""
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
    start = max(instant(place.read), now - _DELETED_WITHIN)
    if start > instant(place.read):
        # Neither this log nor the recycle bin reaches back any further.
        log.warning("deletions.untold", object=source, before=start.isoformat())
    query = {"start": soql.moment(start), "end": soql.moment(now + _SETTLED)}
    return Sub("GET", f"/sobjects/{source}/deleted/", query)


def _purged(feed: Feed, answer: SubReply) -> list[str]:
    """Return the ids of what was deleted; of a log that does not reach back so far none are known.

    They would be missed for ever if the window was closed without them.
    """
    if answer.is_done:
        return [str(each.get("id")) for each in objects(answer.body, "deletedRecords")]
    why = why_not(answer)
    if answer.status >= 500 or why.is_passing:
        raise unavailable(f"Salesforce does not tell what was deleted of {feed.source}: {why.says}")
    log.warning("deletions.untold", object=feed.source, why=why.says)
    return []


def _until(covered: SubReply, now: datetime) -> int:
    told = as_object(covered.body).get("latestDateCovered") if covered.is_done else None
    at = moment(told) if isinstance(told, str) else None
    if at is None:
        return seconds(now - _OVERLAP)
    return min(at // 1_000_000, seconds(now - _SETTLED))


def instant(second: int) -> datetime:
    """Return the instant of a stamp."""
    return EPOCH + timedelta(seconds=second)


def seconds(at: datetime) -> int:
    """Return an instant as stamps count."""
    return int((at.astimezone(UTC) - EPOCH) // timedelta(seconds=1))


def why_not(page: SubReply) -> Refusal:
    """Return why a first page was refused."""
    first = next(iter(objects(page.body)), {})
    return parse_entry(first, page.status)
