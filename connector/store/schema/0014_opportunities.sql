-- Version 14. The score of opportunities: what they are scored from, what was written to them. SQLite cannot
-- widen a CHECK, so the outbox is made anew; its numbers go on, since an answer must never meet another entry.

ALTER TABLE opportunity ADD COLUMN fields TEXT NOT NULL DEFAULT '{}';
ALTER TABLE opportunity ADD COLUMN found TEXT NOT NULL DEFAULT '{}';  -- {property: value as the CRM last showed it}
ALTER TABLE opportunity ADD COLUMN wrote TEXT NOT NULL DEFAULT '{}';  -- {property: value that the CRM last accepted}
ALTER TABLE opportunity ADD COLUMN is_written INTEGER NOT NULL DEFAULT 0;  -- and no reading has shown it yet
ALTER TABLE opportunity ADD COLUMN echo_us INTEGER;      -- up to then its stamps are of our own writes: nobody's touch
ALTER TABLE opportunity ADD COLUMN shown TEXT;           -- what the last write-back was made of
ALTER TABLE opportunity ADD COLUMN shown_at_us INTEGER;

ALTER TABLE opportunity_former ADD COLUMN fields TEXT;   -- NULL: kept before fields were read

CREATE TABLE opportunity_ledger (
    id          INTEGER PRIMARY KEY,
    opportunity TEXT NOT NULL,
    at_us       INTEGER NOT NULL,
    written     TEXT NOT NULL,  -- {property: value that the CRM accepted}
    before      TEXT NOT NULL,  -- {property: what stood there}
    run         INTEGER NOT NULL REFERENCES run (no),
    rules_hash  TEXT NOT NULL
) STRICT;

CREATE INDEX opportunity_ledger_of ON opportunity_ledger (opportunity);
CREATE INDEX opportunity_ledger_run ON opportunity_ledger (run);

CREATE TRIGGER opportunity_ledger_is_not_rewritten BEFORE UPDATE ON opportunity_ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

CREATE TRIGGER opportunity_ledger_is_not_cut BEFORE DELETE ON opportunity_ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

CREATE TABLE outbox_wider (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,  -- an answer must never meet another entry
    kind       TEXT NOT NULL CHECK (kind IN ('contact', 'lead', 'opportunity', 'task')),
    subject    TEXT NOT NULL,  -- the contact's number, also for its lead, the opportunity's id or the task's key
    no         INTEGER REFERENCES contact (no),
    revision   INTEGER NOT NULL DEFAULT 1,  -- rises with each new wish
    state      TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'accepted', 'refused')),
    wish       TEXT NOT NULL,               -- {property: value}, or the task
    before     TEXT NOT NULL DEFAULT '{}',  -- {property: what stood there}
    reason     TEXT NOT NULL DEFAULT '',    -- the CRM's own words, for a refused write
    run        INTEGER NOT NULL REFERENCES run (no),
    rules_hash TEXT NOT NULL,
    returned   TEXT NOT NULL DEFAULT '[]',  -- [property]: not ours once it stands there
    UNIQUE (kind, subject),                 -- a newer wish takes the place of one that still waits
    CHECK ((kind = 'opportunity') = (no IS NULL))
) STRICT;

INSERT INTO outbox_wider SELECT * FROM outbox;

DELETE FROM sqlite_sequence WHERE name = 'outbox_wider';

UPDATE sqlite_sequence SET name = 'outbox_wider' WHERE name = 'outbox';

DROP TABLE outbox;

ALTER TABLE outbox_wider RENAME TO outbox;

CREATE INDEX outbox_state ON outbox (state, kind, id);
CREATE INDEX outbox_no ON outbox (no);

PRAGMA user_version = 14;
