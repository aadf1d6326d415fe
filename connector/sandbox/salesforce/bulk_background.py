"""Lets bulk jobs go on between the calls that ask for them."""

from connector.sandbox.salesforce import bulk_ingest, bulk_jobs, bulk_query
from connector.sandbox.salesforce.org import Org


def settle(org: Org) -> None:
    """Begin the jobs that have waited for long enough, and forget the old ones."""
    bulk_jobs.forget_old(org)
    for job in org.jobs.values():
        if job.work is None and bulk_jobs.is_due(org, job):
            begin = bulk_query.carry_out if job.is_query else bulk_ingest.carry_out
            job.state, job.work = "InProgress", begin(org, job)
            bulk_jobs.step(job)


def go_on(org: Org) -> bool:
    """Do a step of every job under way; return whether there was any."""
    under_way = [job for job in org.jobs.values() if job.work is not None]
    for job in under_way:
        bulk_jobs.step(job)
    return bool(under_way)
