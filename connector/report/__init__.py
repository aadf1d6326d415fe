"""Explanations and run reports, as text, JSON and pages."""
