"""Bulk API 2.0 ingest: a job, one upload, and three files that tell what became of each row."""

import csv
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from io import StringIO

import orjson

from connector.sandbox.salesforce import bulk_jobs
from connector.sandbox.salesforce.bulk_jobs import DELIMITERS, ENDINGS, job_of, wrong_state
from connector.sandbox.salesforce.call import Answer, Call, text_of
from connector.sandbox.salesforce.fields import Field, SObject
from connector.sandbox.salesforce.ids import full_id
from connector.sandbox.salesforce.incoming import Incoming
from connector.sandbox.salesforce.keeping import BulkJob
from connector.sandbox.salesforce.multipart import is_multipart, parts_of
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.records import external_id, upsert_row
from connector.sandbox.salesforce.refusals import Json, Refusal, row_error, unreadable
from connector.sandbox.salesforce.writer import Writer

CHUNK = 200
STEP_ROWS = 25 * CHUNK  # written at a time, so that other calls are answered in between
MOST_BYTES = 150 * 1024 * 1024
MOST_INLINE = 100_000


def create(org: Org, call: Call) -> Answer:
    """Begin an ingest; with several parts its data come along and it is closed at once."""
    if not is_multipart(call):
        job = _begun(org, call, call.json())
        return Answer(body=bulk_jobs.shown(job))
    parts = parts_of(call)
    content = parts.get("content", b"")
    if len(content) > MOST_INLINE:
        raise Refusal(400, "INVALIDJOB", f"more than {MOST_INLINE} characters of data")
    try:
        body = orjson.loads(parts.get("job", b""))
    except orjson.JSONDecodeError as error:
        raise unreadable("the part job is not JSON") from error
    job = _begun(org, call, body)
    job.upload, job.state, job.closed_s = content, "UploadComplete", org.now_s()
    return Answer(body=bulk_jobs.shown(job))


def upload(org: Org, call: Call) -> Answer:
    """Take the data of a job, once."""
    job = job_of(org, call, is_query=False)
    if job.state != "Open" or job.upload:
        raise wrong_state(job, "given data")
    if not call.headers.get("content-type", "").startswith("text/csv"):
        raise Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type must be text/csv")
    if len(call.content) > MOST_BYTES:
        raise Refusal(413, "REQUEST_ENTITY_TOO_LARGE", "more than 150 MB")
    job.upload = call.content
    return Answer(201)


def status(org: Org, call: Call) -> Answer:
    """Tell how far an ingest is."""
    job = job_of(org, call, is_query=False)
    bulk_jobs.move_on(org, job, carry_out)
    return Answer(body=bulk_jobs.details(job))


def listing(org: Org, call: Call) -> Answer:
    """List the ingests."""
    return bulk_jobs.listed(org, call, is_query=False)


def change(org: Org, call: Call) -> Answer:
    """Close an upload, or give the job up."""
    job = job_of(org, call, is_query=False)
    state = call.json().get("state")
    if state not in {"UploadComplete", "Aborted"}:
        raise Refusal(400, "INVALIDJOB", "state must be UploadComplete or Aborted")
    if job.state != "Open" and (state == "UploadComplete" or job.state in bulk_jobs.DONE):
        raise wrong_state(job, f"set to {state}")
    bulk_jobs.give_up(job)
    job.state, job.closed_s = str(state), org.now_s()
    return Answer(body=bulk_jobs.shown(job))


def delete(org: Org, call: Call) -> Answer:
    """Forget an ingest and its files."""
    return bulk_jobs.delete(org, call, is_query=False)


def successful(org: Org, call: Call) -> Answer:
    """Answer with the rows that were taken."""
    job = _over(org, call)
    return _file(job, ["sf__Id", "sf__Created", *job.columns], job.successful)


def failed(org: Org, call: Call) -> Answer:
    """Answer with the rows that were refused, and why."""
    job = _over(org, call)
    return _file(job, ["sf__Id", "sf__Error", *job.columns], job.failed)


def unprocessed(org: Org, call: Call) -> Answer:
    """Answer with the rows that were not looked at."""
    job = _over(org, call)
    return _file(job, job.columns, job.unprocessed)


def carry_out(org: Org, job: BulkJob) -> Generator[None, None, None]:
    """Write the rows of a job, in chunks of 200 as triggers see them, so many at a time."""
    try:
        rows = _rows(job)
        work = _Work(org, job)
        work.incoming.check_columns(job.columns)
    except Refusal as refusal:
        job.state, job.error = "Failed", f"InvalidBatch : {refusal.message}"
        return
    stop = len(rows) if org.bulk_stops_after is None else min(org.bulk_stops_after, len(rows))
    done = 0
    try:
        while done < stop:
            if done and not done % STEP_ROWS:
                yield
            chunk = rows[done : min(done + CHUNK, stop)]
            work.chunk(chunk)
            done += len(chunk)
            job.processed, job.failures = done, len(job.failed)
    finally:  # given up, it keeps what it has written
        job.unprocessed = rows[done:]
        # The files are not in the order of the upload.
        job.successful.reverse()
        job.failed.reverse()
    job.state = "JobComplete"
    if job.unprocessed:
        job.state, job.error = "Failed", "InternalServerError : the job was retried too often"


@dataclass(slots=True)
class _Work:
    org: Org
    job: BulkJob

    @property
    def sobject(self) -> SObject:
        return self.org.objects[self.job.sobject]

    @property
    def incoming(self) -> Incoming:
        return Incoming(self.org, self.org.access(self.job.user), self.sobject)

    def chunk(self, rows: list[list[str]]) -> None:
        incoming, job = self.incoming, self.job
        # Assignment rules run only where the job names one.
        assign = bool(job.assignment_rule)
        writer = Writer(self.org, incoming.access, auto_assign=assign)
        key = self._key()
        place = _place(job.columns, key.name) if key else -1
        keys = Counter(row[place].casefold() for row in rows if key and len(row) > place >= 0)
        for row in rows:
            try:
                # A row too short to hold the key is refused below, like any of a wrong length.
                if key and len(row) > place >= 0 and keys[row[place].casefold()] > 1:
                    told = f"Duplicate external id specified: {row[place]}"
                    raise row_error("DUPLICATE_VALUE", told, key.name)
                record_id, created = self._write(writer, incoming, key, row)
            except Refusal as refusal:
                job.failed.append([_id_cell(job, row), refusal.cell(), *row])
            else:
                job.successful.append([record_id, "true" if created else "false", *row])

    def _write(
        self, writer: Writer, incoming: Incoming, key: Field | None, row: list[str]
    ) -> tuple[str, bool]:
        job, sobject = self.job, self.sobject
        if len(row) != len(job.columns):
            raise row_error("INVALID_ROW", f"{len(row)} cells, {len(job.columns)} columns")
        if job.operation == "delete":
            record_id = self._id(row)
            writer.delete(sobject, record_id)
            return record_id, False
        values = incoming.cells(job.columns, row)
        if job.operation == "insert":
            return writer.insert(sobject, values).id, True
        if key is not None and key.name != "Id":
            record, created = upsert_row(self.org, writer, sobject, key, values)
            return record.id, created
        return writer.update(sobject, self._id(row), values).id, False

    def _key(self) -> Field | None:
        job = self.job
        if job.operation != "upsert":
            return None
        return external_id(self.sobject, job.external_id)

    def _id(self, row: list[str]) -> str:
        text = _id_cell(self.job, row)
        if not text:
            raise row_error("MISSING_ARGUMENT", "Id not specified in an update call", "Id")
        found = full_id(text)
        if found is None:
            raise row_error("MALFORMED_ID", f"malformed id {text[:60]}", "Id")
        return found


def _begun(org: Org, call: Call, body: Json) -> BulkJob:
    job = bulk_jobs.begin(org, call, body, is_query=False)
    name = text_of(body, "object")
    try:
        sobject = org.sobject(name)
    except Refusal as refusal:
        raise Refusal(400, "INVALIDENTITY", f"Entity '{name}' is not supported") from refusal
    if body.get("contentType", "CSV") != "CSV":
        raise Refusal(400, "INVALIDJOB", "contentType must be CSV")
    job.sobject = sobject.name
    if job.operation == "upsert":
        job.external_id = external_id(sobject, text_of(body, "externalIdFieldName")).name
    job.assignment_rule = str(body.get("assignmentRuleId") or "")
    org.jobs[job.id] = job
    return job


def _rows(job: BulkJob) -> list[list[str]]:
    try:
        text = job.upload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise unreadable("the data are not UTF-8") from error
    first = text.split("\n", 1)[0]
    if text and (first.endswith("\r") != (job.line_ending == "CRLF")):
        told = "LineEnding is invalid on user data. Current LineEnding setting is "
        raise unreadable(told + job.line_ending)
    csv.field_size_limit(131_072 * 4)
    try:
        lines = csv.reader(
            StringIO(text, newline=""), delimiter=DELIMITERS[job.delimiter], strict=True
        )
        rows = [row for row in lines if row]
    except csv.Error as error:
        raise unreadable(f"the data are no CSV: {error}") from error
    if not rows:
        raise unreadable("the data have no header")
    job.columns = rows[0]
    return rows[1:]


def _over(org: Org, call: Call) -> BulkJob:
    job = job_of(org, call, is_query=False)
    if job.state not in bulk_jobs.DONE:
        raise wrong_state(job, "read")
    return job


def _file(job: BulkJob, columns: list[str], rows: list[list[str]]) -> Answer:
    file = StringIO()
    writer = csv.writer(
        file,
        delimiter=DELIMITERS[job.delimiter],
        lineterminator=ENDINGS[job.line_ending],
        quoting=csv.QUOTE_ALL,
    )
    writer.writerow(columns)
    writer.writerows(rows)
    return Answer(raw=file.getvalue().encode(), media_type="text/csv")


def _place(columns: list[str], name: str) -> int:
    lowered = [column.lower() for column in columns]
    return lowered.index(name.lower()) if name.lower() in lowered else -1


def _id_cell(job: BulkJob, row: list[str]) -> str:
    place = _place(job.columns, "Id")
    return row[place] if 0 <= place < len(row) else ""
