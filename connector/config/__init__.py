"""YAML to validated models to rules; every message about a file is worded here."""
