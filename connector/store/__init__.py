"""The embedded store: SQLite for what must not be lost, Parquet for activities."""

from connector.store.embedded import EmbeddedStore, open_store

__all__ = ["EmbeddedStore", "open_store"]
