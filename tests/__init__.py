"""Everything that must hold, in the rooms of the code."""
