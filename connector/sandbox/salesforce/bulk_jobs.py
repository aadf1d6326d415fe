"""What both kinds of bulk jobs share: how they begin, go on, are shown and are forgotten."""

from collections.abc import Callable, Generator

from connector.sandbox.salesforce.call import Answer, Call
from connector.sandbox.salesforce.ids import make_id
from connector.sandbox.salesforce.keeping import BulkJob
from connector.sandbox.salesforce.moments import rest_moment
from connector.sandbox.salesforce.org import DAY_S, Org
from connector.sandbox.salesforce.refusals import Json, Refusal, not_found

Work = Callable[[Org, BulkJob], Generator[None, None, None]]

OVER = object()
KEPT_S = 7 * DAY_S
OPEN_S = DAY_S
DONE = frozenset({"JobComplete", "Failed", "Aborted"})
RUNNING_S = 2  # how long a job that nobody asks for takes
DELIMITERS = {
    "COMMA": ",", "SEMICOLON": ";", "TAB": "\t", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"
}  # fmt: skip
ENDINGS = {"LF": "\n", "CRLF": "\r\n"}


def begin(org: Org, call: Call, body: Json, *, is_query: bool) -> BulkJob:
    """Return a new job that a call describes, or refuse what it says."""
    operation = _choice(
        body,
        "operation",
        ("query", "queryAll") if is_query else ("insert", "update", "upsert", "delete"),
    )
    return BulkJob(
        id=make_id("750", org.number()),
        is_query=is_query,
        operation=operation,
        sobject="",
        user=call.user,
        version=call.version,
        at_s=org.now_s(),
        state="UploadComplete" if is_query else "Open",
        line_ending=_choice(body, "lineEnding", tuple(ENDINGS), "LF"),
        delimiter=_choice(body, "columnDelimiter", tuple(DELIMITERS), "COMMA"),
    )


def job_of(org: Org, call: Call, *, is_query: bool) -> BulkJob:
    """Return the job that a path names; only who began it sees it."""
    job = org.jobs.get(call.params[0])
    if job is None or job.is_query != is_query:
        raise not_found()
    if job.user != call.user:
        raise Refusal(400, "INVALIDUSER", "The job belongs to another user")
    return job


def shown(job: BulkJob) -> Json:
    """Return a job as every answer shows it."""
    info: Json = {
        "id": job.id,
        "operation": job.operation,
        "object": job.sobject,
        "createdById": job.user,
        "createdDate": rest_moment(job.at_s),
        "systemModstamp": rest_moment(max(job.at_s, job.closed_s)),
        "state": job.state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.version),
        "lineEnding": job.line_ending,
        "columnDelimiter": job.delimiter,
    }
    if job.external_id:
        info["externalIdFieldName"] = job.external_id
    if not job.is_query and job.state == "Open":
        info["contentUrl"] = f"services/data/v{job.version}/jobs/ingest/{job.id}/batches"
    return info


def details(job: BulkJob) -> Json:
    """Return what only the answer about one job shows."""
    info = shown(job) | {
        "jobType": "V2Query" if job.is_query else "V2Ingest",
        "numberRecordsProcessed": job.processed,
        "retries": 0,
        "totalProcessingTime": 10 if job.state in DONE else 0,
    }
    if job.is_query:
        info["isPkChunkingSupported"] = job.is_chunked
    else:
        info |= {
            "numberRecordsFailed": job.failures,
            "apexProcessingTime": 0,
            "apiActiveProcessingTime": 10 if job.state in DONE else 0,
        }
    if job.error:
        info["errorMessage"] = job.error
    return info


def listed(org: Org, call: Call, *, is_query: bool) -> Answer:
    """List the jobs of one kind."""
    jobs = [shown(j) for j in org.jobs.values() if j.is_query == is_query and j.user == call.user]
    return Answer(body={"done": True, "records": jobs, "nextRecordsUrl": None})


def delete(org: Org, call: Call, *, is_query: bool) -> Answer:
    """Forget a job that is over."""
    job = job_of(org, call, is_query=is_query)
    if job.state not in DONE and job.state != "UploadComplete":
        raise wrong_state(job, "deleted")
    del org.jobs[job.id]
    return Answer(204)


def wrong_state(job: BulkJob, what: str) -> Refusal:
    """Return the refusal of something that the job's state does not allow."""
    told = f"The job is in the state {job.state} and cannot be {what}"
    return Refusal(400, "INVALIDJOBSTATE", told)


def move_on(org: Org, job: BulkJob, begin: Work) -> None:
    """Let a poll move a job on: by one state, or by one step of its work once that has begun."""
    if job.state == "UploadComplete":
        job.state = "InProgress"
    if job.state != "InProgress":
        return
    job.polls += 1
    if job.work is None and (job.polls > org.options.bulk_polls or is_due(org, job)):
        job.work = begin(org, job)
    step(job)


def is_due(org: Org, job: BulkJob) -> bool:
    """Whether a job's work begins although nobody has asked."""
    running = job.state in {"UploadComplete", "InProgress"}
    return running and org.now_s() - job.closed_s >= RUNNING_S


def step(job: BulkJob) -> None:
    """Do the next step of a job's work, if it has begun; its last one settles the state."""
    if job.work is not None and next(job.work, OVER) is OVER:
        job.work = None


def give_up(job: BulkJob) -> None:
    """Let go of a job's work; what it has done stays done."""
    if job.work is not None:
        job.work.close()
        job.work = None


def forget_old(org: Org) -> None:
    """Forget the jobs of more than seven days ago, and give up uploads that never came."""
    now = org.now_s()
    for job in list(org.jobs.values()):
        if now - job.at_s >= KEPT_S:
            del org.jobs[job.id]
        elif job.state == "Open" and now - job.at_s >= OPEN_S:
            job.state, job.error = "Failed", "InternalServerError : the job was open for too long"


def _choice(body: Json, name: str, allowed: tuple[str, ...], default: str = "") -> str:
    value = body.get(name, default)
    if value not in allowed or not isinstance(value, str):
        told = f"{name} must be one of {', '.join(allowed)}"
        raise Refusal(400, "INVALIDJOB", told)
    return value
