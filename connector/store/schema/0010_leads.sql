-- Version 10. Leads beside contacts, and what was written to them. SQLite cannot widen a CHECK, so the outbox
-- is made anew; its numbers go on, since an answer must never meet another entry.

CREATE TABLE lead (
    id         TEXT PRIMARY KEY,
    no         INTEGER REFERENCES contact (no),
    found      TEXT NOT NULL,               -- {property: value as the CRM last showed it}
    wrote      TEXT NOT NULL DEFAULT '{}',  -- {property: value that the CRM last accepted from us}
    is_open    INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    created_us INTEGER NOT NULL,
    changed_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX lead_no ON lead (no);

CREATE TABLE outbox_wider (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,  -- an answer must never meet another entry
    kind       TEXT NOT NULL CHECK (kind IN ('contact', 'lead', 'task')),
    subject    TEXT NOT NULL,  -- the contact's number, also for its lead, or the task's key
    no         INTEGER NOT NULL REFERENCES contact (no),
    revision   INTEGER NOT NULL DEFAULT 1,  -- rises with each new wish
    state      TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'accepted', 'refused')),
    wish       TEXT NOT NULL,               -- {property: value}, or the task
    before     TEXT NOT NULL DEFAULT '{}',  -- {property: what stood there}
    reason     TEXT NOT NULL DEFAULT '',    -- the CRM's own words, for a refused write
    run        INTEGER NOT NULL REFERENCES run (no),
    rules_hash TEXT NOT NULL,
    returned   TEXT NOT NULL DEFAULT '[]',  -- [property]: not ours once it stands there
    UNIQUE (kind, subject)                  -- a newer wish takes the place of one that still waits
) STRICT;

INSERT INTO outbox_wider SELECT * FROM outbox;

DELETE FROM sqlite_sequence WHERE name = 'outbox_wider';

UPDATE sqlite_sequence SET name = 'outbox_wider' WHERE name = 'outbox';

DROP TABLE outbox;

ALTER TABLE outbox_wider RENAME TO outbox;

CREATE INDEX outbox_state ON outbox (state, kind, id);
CREATE INDEX outbox_no ON outbox (no);

PRAGMA user_version = 10;
