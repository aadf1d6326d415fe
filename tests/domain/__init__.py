"""Values: texts, numbers."""
