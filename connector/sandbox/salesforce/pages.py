"""Answers in pages: the first one, and a cursor for the rest."""

from connector.sandbox.salesforce.keeping import Cursor
from connector.sandbox.salesforce.org import DAY_S, Org
from connector.sandbox.salesforce.projection import Projection
from connector.sandbox.salesforce.refusals import Json, Refusal
from connector.sandbox.salesforce.table import Record

CURSOR_S = 2 * DAY_S


def first_page(org: Org, url: str, found: list[Record], projection: Projection, size: int) -> Json:
    """Return the first page of what was found; what does not fit waits behind a cursor."""

    def page(place: int) -> list[Json]:
        # The records of child queries count, too.
        rows: list[Json] = []
        room = size
        for record in found[place : place + size]:
            rows.append(projection.show(record))
            room -= 1 + projection.children_of(rows[-1])
            if room <= 0:
                break
        return rows

    rows = page(0)
    if len(rows) == len(found):
        return {"totalSize": len(found), "done": True, "records": rows}
    locator = f"01g5g0{org.number():012d}"
    org.cursors[locator] = Cursor(len(found), org.now_s() + CURSOR_S, page)
    return _shown(url, locator, len(found), 0, rows)


def further_page(org: Org, url: str, name: str) -> Json:
    """Return the page that a locator such as `01g…-2000` stands for."""
    locator, _, place = name.rpartition("-")
    cursor = org.cursors.get(locator)
    if cursor is None or not place.isdecimal():
        raise Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return _shown(url, locator, cursor.count, int(place), cursor.page(int(place)))


def _shown(url: str, locator: str, count: int, place: int, rows: list[Json]) -> Json:
    last = place + len(rows)
    body: Json = {"totalSize": count, "done": last >= count}
    if last < count:
        body["nextRecordsUrl"] = f"{url}/query/{locator}-{last}"
    body["records"] = rows
    return body
