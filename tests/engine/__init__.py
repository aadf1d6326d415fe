"""Tests of the engine: the plan, run for real on small tables."""
