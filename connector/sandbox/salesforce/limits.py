"""The daily limit: calls of the last 24 hours, of the whole org, counted by the hour."""

from connector.sandbox.salesforce.call import Answer, Call
from connector.sandbox.salesforce.org import HOUR_S, Org
from connector.sandbox.salesforce.refusals import Refusal

HOURS = 24


def used(org: Org) -> int:
    """Return the calls of the last 24 hours."""
    first = org.now_s() // HOUR_S - HOURS
    for hour in [hour for hour in org.usage if hour <= first]:
        del org.usage[hour]
    return sum(org.usage.values())


def take(org: Org) -> None:
    """Count a call, or refuse it once the day's are used up."""
    if org.options.limits and used(org) >= org.options.daily_requests:
        raise exhausted()
    hour = org.now_s() // HOUR_S
    org.usage[hour] = org.usage.get(hour, 0) + 1


def exhausted() -> Refusal:
    """Return the 403 of the daily limit."""
    return Refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def headers(org: Org) -> dict[str, str]:
    """Return what every answer tells of the day's calls."""
    told = f"api-usage={used(org)}/{org.options.daily_requests}"
    if org.options.tells_app_usage:
        told += f"; per-app-api-usage={used(org)}/{org.options.daily_requests}(appName=Sandbox)"
    return {"Sforce-Limit-Info": told}


def read_limits(org: Org, _: Call) -> Answer:
    """Tell the limits of the org and what is left of them."""
    total = org.options.daily_requests
    jobs = [job for job in org.jobs.values() if job.is_query]
    return Answer(
        body={
            "DailyApiRequests": {"Max": total, "Remaining": max(0, total - used(org))},
            "DailyBulkApiBatches": {"Max": 15_000, "Remaining": 15_000},
            "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000 - len(jobs)},
            "DailyBulkV2QueryFileStorageMB": {"Max": 976_562, "Remaining": 976_562},
            "DataStorageMB": {"Max": 10_240, "Remaining": 10_000},
            "FileStorageMB": {"Max": 10_240, "Remaining": 10_240},
        }
    )
