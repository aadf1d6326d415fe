"""Benchmarks, each one command, each beside the least that could be done."""
