"""Looks at valid rules as an admin would: what never fires, counts twice, is out of reach."""
