"""Files an admin edits, read into validated models; every message about a file is worded here."""
