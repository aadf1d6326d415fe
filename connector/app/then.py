"""What a look at a past instant rests on, told by the store that is looked at."""

from collections.abc import Collection
from datetime import datetime

from connector.app.account import Opened, zone_of_store
from connector.report.sources import Sources, sources
from connector.store import EmbeddedStore


def sources_of(
    opened: Opened,
    store: EmbeddedStore,
    as_of: datetime | None,
    *,
    language: str | None = None,
    no: int | None = None,
    fields: Collection[str] = (),
) -> Sources | None:
    """Return what a look at `as_of` rests on, of all contacts or of one; None for a look at now.

    `fields`: those that are looked at, in place of those of the account's own rules.
    """
    if as_of is None:
        return None
    _, zone = zone_of_store(store)
    spoken = language or opened.loaded.settings.language
    bases = store.load_bases(fields or opened.judged_fields, as_of, no)
    return sources(
        as_of,
        store.kept_since(),
        bases,
        language=spoken,
        zone=zone,
        is_of_one=no is not None,
    )
