"""The query resources: first pages, further pages, and what changed or went in a window."""

import re
from operator import attrgetter

from connector.sandbox.salesforce.call import Answer, Call
from connector.sandbox.salesforce.columns import columns
from connector.sandbox.salesforce.fields import SObject
from connector.sandbox.salesforce.moments import parse_moment, rest_moment
from connector.sandbox.salesforce.org import DAY_S, RECYCLE_S, Org
from connector.sandbox.salesforce.pages import first_page, further_page
from connector.sandbox.salesforce.record_access import NAME, record_access
from connector.sandbox.salesforce.refusals import Json, Refusal, malformed
from connector.sandbox.salesforce.soql_parser import parse
from connector.sandbox.salesforce.soql_run import Engine
from connector.sandbox.salesforce.soql_tree import Select

FULL = frozenset({"FullName", "Metadata"})
PAGE, SMALLEST_PAGE = 2_000, 200
BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)
UPDATED_S = 30 * DAY_S
MINUTE_S = 60


def query(org: Org, call: Call) -> Answer:
    """Answer a query with its first page."""
    return _first_page(org, call, everything=False)


def query_all(org: Org, call: Call) -> Answer:
    """Answer a query with its first page, from the recycle bin and the archive too."""
    return _first_page(org, call, everything=True)


def tooling_query(org: Org, call: Call) -> Answer:
    """Answer a query about the org's own make-up."""
    return _first_page(org, call, everything=False, tooling=True)


def query_more(org: Org, call: Call) -> Answer:
    """Answer with a further page."""
    return Answer(body=further_page(org, call.data_path, call.params[0]))


def updated(org: Org, call: Call) -> Answer:
    """List the ids of what changed in a window, and up to when that is certain."""
    sobject, low, high = _window(org, call)
    table, now = org.table(sobject.name), org.now_s()
    stamped = {record.id: record for record in table.stamped_between(low, high - 1)}
    stamped |= {record_id: table.rows[record_id] for record_id in table.held}
    ids = sorted(
        record.id
        for stored in stamped.values()
        if (record := table.visible(stored, now)) is not None
        and low <= record.stamp_s < high
        and not record.is_deleted
    )
    _few_enough(org, len(ids))
    return Answer(body={"ids": ids, "latestDateCovered": rest_moment(_covered(org, high))})


def deleted(org: Org, call: Call) -> Answer:
    """List what was deleted in a window."""
    sobject, low, high = _window(org, call)
    earliest = max(org.delete_log_from_s, org.now_s() - RECYCLE_S)
    if low < earliest:
        told = f"startDate before earliest date available: {rest_moment(earliest)}"
        raise Refusal(400, "INVALID_REPLICATION_DATE", told)
    table = org.table(sobject.name)
    rows = [
        {"id": record.id, "deletedDate": rest_moment(record.modified_s)}
        for record in sorted(table.stamped_between(low, high - 1), key=attrgetter("id"))
        if record.is_deleted and low <= record.modified_s < high
    ]
    _few_enough(org, len(rows))
    return Answer(
        body={
            "deletedRecords": rows,
            "earliestDateAvailable": rest_moment(earliest),
            "latestDateCovered": rest_moment(_covered(org, high)),
        }
    )


def _few_enough(org: Org, count: int) -> None:
    if count > org.options.most_changed_ids:
        told = f"exceeded max ids limit: {org.options.most_changed_ids}; shorten the time span"
        raise Refusal(400, "EXCEEDED_ID_LIMIT", told)


def _first_page(org: Org, call: Call, *, everything: bool, tooling: bool = False) -> Answer:
    select = parse(call.needed("q"))
    if select.source.lower() == NAME.lower():
        return record_access(org, select)
    size = _asked_size(call)
    engine = Engine(org, org.access(call.user), call.data_path, everything, size)
    sobject = engine.source(select, tooling=tooling)
    if call.flag("columns"):
        engine.projection(select, sobject)  # what is wrong with the query is told as ever
        return Answer(body=columns(engine, select, sobject))
    if select.is_grouped:
        return Answer(body=_counted(engine, select, sobject))
    # Names are bound first, so that a wrong one is refused whether or not there are records.
    projection = engine.projection(select, sobject)
    found = engine.records(select, sobject)
    if tooling and len(found) > 1 and any(str(item) in FULL for item in select.items):
        told = "When retrieving results with Metadata or FullName fields, the query qualifications "
        told += "must specify no more than one row for retrieval. Result size: "
        raise malformed(f"{told}{len(found)}")
    if _is_wide(select, sobject):
        size = SMALLEST_PAGE
    return Answer(body=first_page(org, call.data_path, found, projection, size))


def _counted(engine: Engine, select: Select, sobject: SObject) -> Json:
    if select.is_bare_count:
        found = engine.grouped(select, sobject)[0]["expr0"]
        return {"totalSize": found, "done": True, "records": []}
    rows = engine.grouped(select, sobject)
    return {"totalSize": len(rows), "done": True, "records": rows}


def _asked_size(call: Call) -> int:
    found = BATCH_SIZE.search(call.headers.get("sforce-query-options", ""))
    return min(PAGE, max(SMALLEST_PAGE, int(found[1]))) if found else PAGE


def _is_wide(select: Select, sobject: SObject) -> bool:
    named = [str(item) for item in select.items if not isinstance(item, Select)]
    long = [one for one in map(sobject.find, named) if one and one.is_long and one.custom]
    return len(long) > 1


def _window(org: Org, call: Call) -> tuple[SObject, int, int]:
    sobject = org.sobject(call.params[0])
    low, high = (_edge(call, name) for name in ("start", "end"))
    if not sobject.replicated:
        told = f"object type {sobject.name} is not replicateable"
        raise Refusal(400, "INVALID_TYPE_FOR_OPERATION", told)
    now = org.now_s()
    if low < now - UPDATED_S:
        told = "startDate cannot be more than 30 days ago"
        raise Refusal(400, "INVALID_REPLICATION_DATE", told)
    if high - low < MINUTE_S or low > now:
        told = "endDate must be at least one minute greater than startDate"
        raise Refusal(400, "INVALID_REPLICATION_DATE", told)
    return sobject, low, high


def _edge(call: Call, name: str) -> int:
    found = parse_moment(call.needed(name))
    if found is None:
        raise Refusal(400, "INVALID_FIELD", f"{name} is not a valid date: {call.text(name)[:60]}")
    return found // MINUTE_S * MINUTE_S  # seconds are cut off


def _covered(org: Org, high: int) -> int:
    """Return up to when no transaction is still under way."""
    now = org.now_s()
    running = [
        held.began_s
        for table in org.tables.values()
        for held in table.held.values()
        if held.commits_s > now
    ]
    return min([high, now, *running])
