"""Ports in memory, for tests: strict where a CRM is, and failing when told to."""
