"""Puts the parts together: the only room that names an adapter, a store and a clock.

One function for each thing a command does. The command line imports it inside its commands, so
that `leadripe --help` starts at once.
"""
