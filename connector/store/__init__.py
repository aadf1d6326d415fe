"""The embedded store: SQLite for what must not be lost, Parquet for activities."""
