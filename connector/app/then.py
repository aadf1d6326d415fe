"""What a look at a past instant rests on, told by the store that is looked at."""

from datetime import datetime

from connector.app.account import Opened, zone_of_store
from connector.report.sources import Sources, sources
from connector.store import EmbeddedStore


def sources_of(
    opened: Opened, store: EmbeddedStore, as_of: datetime | None, *, language: str | None = None
) -> Sources | None:
    """Return what a look at `as_of` rests on; None for a look at now."""
    if as_of is None:
        return None
    _, zone = zone_of_store(store)
    spoken = language or opened.loaded.settings.language
    return sources(as_of, store.kept_since(), language=spoken, zone=zone)
