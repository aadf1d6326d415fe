"""What a rule set is and what it means; compiles to one plan. Pure."""
