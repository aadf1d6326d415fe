"""The readable evaluator that the compiled plan is held against, and what it reads."""
