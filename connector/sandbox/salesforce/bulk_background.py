"""Lets bulk jobs go on that nobody asks for."""

from connector.sandbox.salesforce import bulk_ingest, bulk_jobs, bulk_query
from connector.sandbox.salesforce.org import Org


def settle(org: Org) -> None:
    """Carry out the jobs that have waited for long enough, and forget the old ones."""
    bulk_jobs.forget_old(org)
    for job in org.jobs.values():
        if job.state not in {"UploadComplete", "InProgress"}:
            continue
        if org.now_s() - job.closed_s >= bulk_jobs.RUNNING_S:
            work = bulk_query if job.is_query else bulk_ingest
            work.carry_out(org, job)
