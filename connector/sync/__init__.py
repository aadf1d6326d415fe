"""Pull, plan, push and the run that puts them in order. Knows ports, no adapter."""
