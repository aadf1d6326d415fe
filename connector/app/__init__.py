"""Puts the parts together: the only room that names an adapter, a store and a clock.

One function for each thing a command does. The command line imports it inside its commands, so
that `leadripe --help` starts at once.
"""

import os

# Arrow's own allocator keeps what it once had; with the system's, a pull's peak is a fifth lower.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
