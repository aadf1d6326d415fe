"""Leadripe: scores a CRM's contacts and writes score, stage, reasons and one task back into it."""

__version__ = "0.1.0"
