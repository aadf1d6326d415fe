"""Short words for tests that read."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing

from connector.domain.contact import Activity, Contact
from connector.ports import Crm, Page


def read(crm: Crm, stream: str, checkpoint: str | None = None) -> list[Page]:
    """Read a stream by its name."""
    found = next(each for each in crm.streams() if each.name == stream)
    return list(crm.pages(found, checkpoint))


def contacts(pages: Sequence[Page]) -> list[Contact]:
    """Return the contacts of pages."""
    return [contact for page in pages for contact in page.contacts]


def activities(pages: Sequence[Page]) -> list[Activity]:
    """Return the activities of pages."""
    return [activity for page in pages for activity in page.activities]


def stored_days(texts: Sequence[str | None]) -> list[int | None]:
    """Return days since 1970 of a property's values, as the store reads them."""
    with closing(sqlite3.connect(":memory:")) as database:
        sql = "SELECT CAST(julianday(?) - 2440587.5 AS INTEGER)"
        return [database.execute(sql, [text]).fetchone()[0] for text in texts]


def calls(crm: Crm) -> int:
    """Return how many calls were sent so far."""
    return sum(crm.calls.values())
