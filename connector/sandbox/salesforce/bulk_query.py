"""Bulk API 2.0 queries: a job, then pages of CSV behind locators."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Generator

from connector.sandbox.salesforce import bulk_jobs
from connector.sandbox.salesforce.binding import Bound
from connector.sandbox.salesforce.bulk_jobs import DELIMITERS, ENDINGS, job_of, wrong_state
from connector.sandbox.salesforce.call import Answer, Call, text_of
from connector.sandbox.salesforce.keeping import BulkJob
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.refusals import Json, Refusal
from connector.sandbox.salesforce.snapshot import Snapshot
from connector.sandbox.salesforce.soql_parser import parse
from connector.sandbox.salesforce.soql_run import Engine
from connector.sandbox.salesforce.soql_tree import Fields, Select, TypeOf

MOST_PAGES = 5
STEP_ROWS = 50_000  # taken at a time, so that other calls are answered in between


def create(org: Org, call: Call) -> Answer:
    """Begin a query."""
    body = call.json()
    job = bulk_jobs.begin(org, call, body, is_query=True)
    job.query = text_of(body, "query")
    select = parse(job.query)
    _refuse_unfit(select)
    everything = job.operation == "queryAll"
    engine = Engine(org, org.access(call.user), call.data_path, everything)
    job.sobject = engine.source(select).name
    job.is_chunked = not select.order_by and select.limit is None
    job.closed_s = job.at_s
    _columns(engine, select)  # a column that does not exist refuses the query at once
    engine.finder(select, engine.source(select))
    org.jobs[job.id] = job
    return Answer(body=bulk_jobs.shown(job))


def status(org: Org, call: Call) -> Answer:
    """Tell how far a query is."""
    job = job_of(org, call, is_query=True)
    bulk_jobs.move_on(org, job, carry_out)
    return Answer(body=bulk_jobs.details(job))


def carry_out(org: Org, job: BulkJob) -> Generator[None, None, None]:
    """Find the rows of a query, so many at a time."""
    if org.bulk_query_fails:
        job.state, job.error = "Failed", org.bulk_query_fails
        return
    select = parse(job.query)
    everything = job.operation == "queryAll"
    engine = Engine(org, org.access(job.user), "", everything)
    found = engine.records(select, engine.source(select))
    job.found = Snapshot(*_columns(engine, select))
    for first in range(0, len(found), STEP_ROWS):
        if first:
            yield
        job.found.take(found[first : first + STEP_ROWS])
        job.processed = job.count
    job.state = "JobComplete"


def listing(org: Org, call: Call) -> Answer:
    """List the queries."""
    return bulk_jobs.listed(org, call, is_query=True)


def change(org: Org, call: Call) -> Answer:
    """Give a query up."""
    job = job_of(org, call, is_query=True)
    if call.json().get("state") != "Aborted":
        raise Refusal(400, "INVALIDJOB", "A query job can only be aborted")
    if job.state in bulk_jobs.DONE:
        raise wrong_state(job, "aborted")
    bulk_jobs.give_up(job)
    job.state = "Aborted"
    return Answer(body=bulk_jobs.shown(job))


def delete(org: Org, call: Call) -> Answer:
    """Forget a query and its results."""
    return bulk_jobs.delete(org, call, is_query=True)


def results(org: Org, call: Call) -> Answer:
    """Answer with a page of a query's rows."""
    job = _complete(org, call)
    first = _place(call.text("locator"))
    size = _size(org, call)
    if first > job.count or job.found is None:
        raise Refusal(400, "INVALIDLOCATOR", "The locator does not belong to this job")
    last = min(first + size, job.count)
    return Answer(
        raw=job.found.csv(
            first, last, delimiter=DELIMITERS[job.delimiter], ending=ENDINGS[job.line_ending]
        ),
        media_type="text/csv",
        headers={
            "Sforce-Locator": _locator(last) if last < job.count else "null",
            "Sforce-NumberOfRecords": str(last - first),
        },
    )


def result_pages(org: Org, call: Call) -> Answer:
    """List up to five pages that can be fetched side by side."""
    job = _complete(org, call)
    size, place = _size(org, call), _place(call.text("locator"))
    pages: list[Json] = []
    while len(pages) < MOST_PAGES and (place < job.count or not pages):
        url = f"{call.data_path}/jobs/query/{job.id}/results?maxRecords={size}"
        pages.append({"resultUrl": url + (f"&locator={_locator(place)}" if place else "")})
        place += size
    more = f"{call.data_path}/jobs/query/{job.id}/resultPages?locator={_locator(place)}"
    done = place >= job.count
    return Answer(
        body={"resultPages": pages, "nextRecordsUrl": None if done else more, "done": done}
    )


def _refuse_unfit(select: Select) -> None:
    unfit = ""
    if select.is_grouped:
        unfit = "aggregates and GROUP BY"
    elif select.offset:
        unfit = "OFFSET"
    elif any(isinstance(item, Select | Fields | TypeOf) for item in select.items):
        unfit = "parent to child relationships, TYPEOF and FIELDS()"
    if unfit:
        raise Refusal(400, "API_ERROR", f"Bulk queries do not support {unfit}")


def _columns(engine: Engine, select: Select) -> tuple[list[str], list[Bound]]:
    sobject = engine.source(select)
    paths = engine.paths(select, sobject)
    bound = [engine.binder.field(sobject, path) for path in paths]
    names = [
        ".".join((*path.parts[:-1], one.field.name)) for path, one in zip(paths, bound, strict=True)
    ]
    return names, bound


def _complete(org: Org, call: Call) -> BulkJob:
    job = job_of(org, call, is_query=True)
    if job.version != call.version:
        told = f"The job was made with version {job.version}"
        raise Refusal(409, "API_VERSION_MISMATCH", told)
    if job.state != "JobComplete":
        raise wrong_state(job, "read")
    return job


def _size(org: Org, call: Call) -> int:
    text = call.text("maxRecords") or str(org.options.bulk_page)
    if not text.isdecimal() or not int(text):
        raise Refusal(400, "INVALID_INPUT", "maxRecords must be a positive number")
    return min(int(text), org.options.bulk_page)


def _locator(place: int) -> str:
    return urlsafe_b64encode(str(place).encode()).decode().rstrip("=")


def _place(locator: str) -> int:
    if not locator:
        return 0
    try:
        return int(urlsafe_b64decode(locator + "=" * (-len(locator) % 4)))
    except (ValueError, Error) as error:
        raise Refusal(400, "INVALIDLOCATOR", "The locator cannot be read") from error
