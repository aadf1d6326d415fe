"""Bulk API 2.0: a query whose result comes as files, and files of rows to write."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import orjson

from connector.crm.http import TryAgainError, clean
from connector.crm.salesforce.client import Client, as_object
from connector.crm.salesforce.judging import ConflictError, unavailable
from connector.crm.salesforce.refusal import Json
from connector.crm.salesforce.rows import Row, csv_rows, lines_of
from connector.errors import CrmRefusedError

PAGE_ROWS = 200_000
"""Rows of a result page: what is read again after a cut, at most."""
_FIRST_WAIT = timedelta(milliseconds=500)
_LONGEST_WAIT = timedelta(minutes=1)
_ROW_WAIT = timedelta(microseconds=20)  # faster than any org writes: a look before is wasted
_LONGEST_JOB = timedelta(hours=6)
_ATTEMPTS = 6
_END = "null"


class State(StrEnum):
    """How far a job is."""

    OPEN = "Open"
    UPLOADED = "UploadComplete"
    RUNNING = "InProgress"
    DONE = "JobComplete"
    FAILED = "Failed"
    ABORTED = "Aborted"


OVER = frozenset({State.DONE, State.FAILED, State.ABORTED})


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the platform tells it. `processed`, `failed`: rows."""

    id: str
    state: str
    processed: int = 0
    failed: int = 0
    message: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it will not change any more."""
        return self.state in OVER


class LostJobError(Exception):
    """The job is no longer there: older than seven days, or another user's."""


class JobFailedError(Exception):
    """The job did not come to a result, or could not begin; another one may."""

    def __init__(self, refused: CrmRefusedError) -> None:
        super().__init__(refused.what)
        self.refused = refused


def job_of(body: object) -> Job:
    """Return a job out of an answer."""
    found = as_object(body)
    return Job(
        str(found.get("id")),
        str(found.get("state")),
        _whole(found, "numberRecordsProcessed"),
        _whole(found, "numberRecordsFailed"),
        str(found.get("errorMessage") or ""),
    )


def _whole(body: Json, key: str) -> int:
    value = body.get(key)
    return value if isinstance(value, int) else 0


@dataclass(frozen=True, slots=True)
class Jobs:
    """Jobs of one sort: `query` or `ingest`."""

    client: Client
    sort: str

    def create(self, body: Json) -> Job:
        """Begin a job."""
        return job_of(self._call("POST", "", body))

    def look(self, job: str) -> Job:
        """Return how far a job is. Raises LostJobError if it is gone."""
        try:
            return job_of(self._call("GET", f"/{job}"))
        except CrmRefusedError as refused:
            if refused.status in (403, 404) or _is_others(refused):
                raise LostJobError from refused
            raise

    def change(self, job: str, state: State) -> Job:
        """Move a job on: let what was uploaded be processed, or give it up.

        One that moved on already did so at an attempt whose answer was lost.
        """
        try:
            return job_of(self._call("PATCH", f"/{job}", {"state": state.value}))
        except ConflictError:
            found = self.look(job)
            if found.state == State.OPEN:
                raise
            return found

    def finished(self, job: str, rows: int = 0) -> Job:
        """Wait until a job is over, looking ever more seldom; at first as long as `rows` take."""
        wait, waited = max(_FIRST_WAIT, rows * _ROW_WAIT), timedelta()
        while True:
            self.client.wait(wait)
            found = self.look(job)
            if found.is_over:
                return found
            waited += wait
            if waited > _LONGEST_JOB:
                told = f"Salesforce's bulk job {job} is still {found.state} after six hours"
                raise unavailable(told)
            wait = min(3 * wait, _LONGEST_WAIT)  # each look is a call

    def _call(self, method: str, path: str, body: Json | None = None) -> object:
        content = None if body is None else orjson.dumps(body)
        target = self.client.target(f"/jobs/{self.sort}{path}")
        return self.client.ask(method, target, content, kind="bulk")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One row of a result, and where reading goes on behind it."""

    row: Row
    locator: str
    place: int


class BulkQuery:
    """Queries whose rows come as pages of CSV. The job's id is all that has to be remembered."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._jobs = Jobs(client, "query")

    def start(self, soql: str) -> str:
        """Begin a query over all rows, archived ones too, and return the job's id.

        Without ORDER BY or LIMIT: with either, the platform cannot part the work.
        """
        return self._jobs.create({"operation": "queryAll", "query": soql}).id

    def wait(self, job: str) -> Job:
        """Wait for the result. Raises JobFailedError if the job failed, LostJobError if gone."""
        found = self._jobs.finished(job)
        if found.state != State.DONE:
            told = f"{found.state}: {clean(found.message)}"
            raise JobFailedError(
                CrmRefusedError(
                    what=f"Salesforce's bulk query {job} ended as {told}",
                    where="Salesforce, Bulk Data Load Jobs",
                    do="Run it again; if it stays, `leadripe check` names fields that cannot be "
                    "read. Nothing is lost.",
                )
            )
        return found

    def rows(self, job: str, locator: str = "", place: int = 0) -> Iterator[Arrival]:
        """Yield a result's rows from behind a place on. Cut off, it goes on where it was.

        Raises LostJobError if the result is no longer kept.
        """
        failures = 0
        while True:
            before = place
            try:
                for arrival in self._page(job, locator, place):
                    if arrival.row is None:
                        locator, place = arrival.locator, 0
                    else:
                        place = arrival.place
                        yield Arrival(arrival.row, locator, place)
                if locator == _END:
                    return
                failures = 0
            except TryAgainError as cut:
                failures = 1 if place > before else failures + 1
                if failures >= _ATTEMPTS:
                    raise cut.failure from cut
                self._client.wait(cut.wait or _FIRST_WAIT * (1 << failures))

    def _page(self, job: str, locator: str, place: int) -> Iterator["_Found"]:
        query = {"maxRecords": str(PAGE_ROWS)} | ({"locator": locator} if locator else {})
        path = f"/jobs/query/{job}/results"
        try:
            with self._client.stream(path, query, accept="text/csv") as answer:
                following = answer.headers.get("Sforce-Locator", "")
                expected = answer.headers.get("Sforce-NumberOfRecords", "")
                number = 0
                for number, row in enumerate(csv_rows(lines_of(answer.pieces())), 1):
                    if number > place:
                        yield _Found(row, locator, number)
                if expected.isdecimal() and number != int(expected):
                    raise _cut(f"a page of {expected} rows came with {number}")
                if not following:
                    raise _cut("a page does not tell whether another follows")
        except ConflictError as gone:
            if gone.status in (404, 409) or _is_others(gone):
                raise LostJobError from gone
            raise
        yield _Found(None, following, 0)


def _is_others(refused: CrmRefusedError) -> bool:
    return isinstance(refused, ConflictError) and refused.why.code.upper() == "INVALIDUSER"


def _cut(told: str) -> TryAgainError:
    return TryAgainError(unavailable(f"Salesforce's result is cut off: {told}"))


@dataclass(frozen=True, slots=True)
class _Found:
    """A row, or (`row` None) the locator behind the page."""

    row: Row | None
    locator: str
    place: int
