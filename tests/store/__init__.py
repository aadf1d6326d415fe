"""The embedded store: real files, real processes."""
