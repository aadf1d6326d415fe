"""Activities move into the archive a year after they were due; only `queryAll` sees them there."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.sandbox.salesforce.fields import SObject
from connector.sandbox.salesforce.moments import bulk_moment
from connector.sandbox.salesforce.table import Record

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org import Org

YEAR = timedelta(days=365)
QUARTER_S = 900


def archived_by(org: "Org", sobject: SObject) -> Callable[[Record], bool] | None:
    """Return whether a record is in the archive at this moment; None for what has no archive.

    Closed tasks go by their date or, where they have none, by the day they were made; events by
    their date.
    """
    if not sobject.is_activity:
        return None
    last = (org.today() - YEAR).isoformat()
    is_task = sobject.name == "Task"

    def archived(record: Record) -> bool:
        if is_task and not record.values.get("IsClosed"):
            return False
        day = record.values.get("ActivityDate") or bulk_moment(record.created_s)[:10]
        return isinstance(day, str) and day <= last

    return archived


def define_archive(org: "Org") -> None:
    """Let the org's activities tell whether they are in the archive."""
    for name in ("Task", "Event"):
        org.objects[name].fields["isarchived"].formula = _telling(org, org.objects[name])


def _telling(org: "Org", sobject: SObject) -> Callable[[Record], object]:
    # A day begins at a full quarter of an hour everywhere, so until then the answer stays.
    current: dict[int, Callable[[Record], bool] | None] = {}

    def told(record: Record) -> bool:
        quarter = org.now_s() // QUARTER_S
        if quarter not in current:
            current.clear()
            current[quarter] = archived_by(org, sobject)
        archived = current[quarter]
        return archived is not None and archived(record)

    return told
