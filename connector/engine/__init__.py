"""Runs the compiled plan on an embedded columnar engine."""
