"""Finding segments, and the segments of a record."""

from collections.abc import Callable, Mapping

from connector.sandbox.hubspot.call import Answer, Call, is_whole, names_of, record_id_of, text_of
from connector.sandbox.hubspot.keeping import Segment
from connector.sandbox.hubspot.kinds import kind_of
from connector.sandbox.hubspot.moments import iso
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.refusals import Json, invalid, not_found
from connector.sandbox.hubspot.segments import MEMBERS_MOST, MEMBERS_PAGE, Segments

SEARCHED_PAGE, SEARCHED_MOST = 20, 500
SORTS: Mapping[str, Callable[[Segment], int]] = {
    "HS_LIST_ID": lambda segment: segment.id,
    "HS_CREATED_AT": lambda segment: segment.created_ms,
    "HS_UPDATED_AT": lambda segment: segment.updated_ms,
}


def read_many(portal: Portal, call: Call) -> Answer:
    """Serve the segments of some ids; unknown ones are left out."""
    wanted = {record_id_of(key) for key in call.texts("listIds")}
    shown = [
        Segments(portal).shown(segment, with_filters=call.flag("includeFilters"))
        for segment in _live(portal)
        if segment.id in wanted
    ]
    return Answer(body={"lists": shown})


def search(portal: Portal, call: Call) -> Answer:
    """Serve a page of the segments whose names hold a text."""
    body = call.json()
    query, ids = text_of(body, "query").lower(), names_of(body, "listIds")
    processing = names_of(body, "processingTypes")
    type_id = text_of(body, "objectTypeId")
    found = [
        segment
        for segment in _sorted(_live(portal), text_of(body, "sort"))
        if query in segment.name.lower()
        and (not ids or str(segment.id) in ids)
        and (not processing or segment.processing in processing)
        and (not type_id or segment.kind == kind_of(type_id).name)
    ]
    offset, count = _whole(body, "offset", 0), _whole(body, "count", SEARCHED_PAGE)
    if not 1 <= count <= SEARCHED_MOST:
        raise invalid(f"count must be between 1 and {SEARCHED_MOST}")
    page = found[offset : offset + count]
    end = offset + len(page)
    return Answer(
        body={
            "offset": end,
            "hasMore": end < len(found),
            "total": len(found),
            "lists": [_hit(portal, segment, body) for segment in page],
        }
    )


def members_by_time(portal: Portal, call: Call) -> Answer:
    """Serve a page of members, those who came first in front."""
    segments = Segments(portal)
    segment = segments.found(call.params[0])
    stamps = {i: segment.joined.get(i, segment.updated_ms) for i in segments.members_of(segment)}
    ids = sorted(stamps, key=lambda i: (stamps[i], i))
    limit, after = call.limit(MEMBERS_PAGE, MEMBERS_MOST), call.number("after", 0)
    page = ids[after : after + limit]
    body: Json = {
        "total": len(ids),
        "results": [{"recordId": str(i), "membershipTimestamp": iso(stamps[i])} for i in page],
    }
    if after + limit < len(ids):
        body["paging"] = {"next": {"after": str(after + limit), "link": ""}}
    return Answer(body=body)


def lists_of_record(portal: Portal, call: Call) -> Answer:
    """Serve the segments that one record is in."""
    kind = kind_of(call.params[0])
    record = portal.table(kind).find(record_id_of(call.params[1]))
    if record is None:
        raise not_found()
    segments = Segments(portal)
    held = [
        segment
        for segment in _live(portal)
        if segment.kind == kind.name and record.id in segments.members_of(segment)
    ]
    return Answer(
        body={"total": len(held), "results": [_membership(segment, record.id) for segment in held]}
    )


def empty(portal: Portal, call: Call) -> Answer:
    """Take every record out of a segment that is not dynamic."""
    Segments(portal).changeable(call.params[0]).joined.clear()
    portal.changes += 1
    return Answer(204)


def add_from(portal: Portal, call: Call) -> Answer:
    """Put the members of one segment into another."""
    segments = Segments(portal)
    segment, source = segments.changeable(call.params[0]), segments.found(call.params[1])
    added = dict.fromkeys(segments.members_of(source), portal.now_ms())
    segment.joined = added | segment.joined
    portal.changes += 1
    return Answer(204)


def _live(portal: Portal) -> list[Segment]:
    return [segment for segment in portal.segments.values() if segment.deleted_ms is None]


def _sorted(segments: list[Segment], sort: str) -> list[Segment]:
    if not sort:
        return segments
    by = SORTS.get(sort.removeprefix("-"))
    if by is None:
        raise invalid(f"{sort} is not a sort")
    return sorted(segments, key=by, reverse=sort.startswith("-"))


def _hit(portal: Portal, segment: Segment, wish: Json) -> Json:
    shown = Segments(portal).shown(segment, with_filters=False)
    size = str(shown.pop("size"))
    known = {"hs_list_size": size, "hs_list_reference_count": "0"}
    wanted = ["hs_list_size", *names_of(wish, "additionalProperties")]
    return shown | {"additionalProperties": {n: known[n] for n in wanted if n in known}}


def _membership(segment: Segment, record_id: int) -> Json:
    at = iso(segment.joined.get(record_id, segment.updated_ms))
    return {
        "listId": str(segment.id),
        "listVersion": 1,
        "firstAddedTimestamp": at,
        "lastAddedTimestamp": at,
    }


def _whole(body: Json, name: str, default: int) -> int:
    found = str(body.get(name, default))
    if not is_whole(found):
        raise invalid(f"{name} must be a whole number")
    return int(found)
