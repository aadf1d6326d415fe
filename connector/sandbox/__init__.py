"""A local CRM to try against. It imports no adapter, so that a misreading is not shared."""
