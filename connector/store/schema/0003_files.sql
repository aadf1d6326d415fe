-- Version 3. Writes that went out as one file: which job holds them, before it holds anything.

CREATE TABLE file_job (
    id         TEXT PRIMARY KEY,  -- the CRM's
    part       TEXT NOT NULL,     -- which contacts are in it, in the adapter's words
    run        INTEGER NOT NULL REFERENCES run (no),
    started_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 3;
