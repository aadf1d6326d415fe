-- Version 7. What people said of quarantine: signs that they lifted, activities that they put there.

CREATE TABLE quarantine_decision (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,  -- a later word has a greater one
    made_us    INTEGER NOT NULL,
    is_release INTEGER NOT NULL CHECK (is_release IN (0, 1)),
    sign       TEXT NOT NULL DEFAULT '',           -- the one that is lifted, '' for every one
    activity   TEXT,
    no         INTEGER REFERENCES contact (no),
    domain     TEXT,                               -- of the contact's address, lower case
    until_us   INTEGER,                            -- of what happened by then; NULL: of what comes, too
    CHECK ((activity IS NOT NULL) + (no IS NOT NULL) + (domain IS NOT NULL) <= 1),
    CHECK (is_release OR coalesce(activity, CAST(no AS TEXT), domain) IS NOT NULL)
) STRICT;

PRAGMA user_version = 7;
