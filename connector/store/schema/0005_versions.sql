-- Version 5. What stood before, so that a past instant can be asked as things stood then. Only what was
-- replaced is kept, and of a contact's fields only those that changed: an account at rest takes no room.

CREATE TABLE contact_former (
    no          INTEGER NOT NULL REFERENCES contact (no),
    until_us    INTEGER NOT NULL,  -- the CRM's stamp of the change by which it was replaced
    was         TEXT NOT NULL,     -- {field: value}, of the fields that changed then
    human_stage TEXT,              -- what people had said until then
    verdict     TEXT,
    verdict_us  INTEGER,
    PRIMARY KEY (no, until_us)
) STRICT, WITHOUT ROWID;

CREATE TABLE opportunity_former (
    id          TEXT NOT NULL REFERENCES opportunity (id),
    until_us    INTEGER NOT NULL,
    changed_us  INTEGER NOT NULL,
    amount      INTEGER,
    probability INTEGER,
    close_us    INTEGER,
    is_closed   INTEGER NOT NULL,
    is_won      INTEGER NOT NULL,
    PRIMARY KEY (id, until_us)
) STRICT, WITHOUT ROWID;

ALTER TABLE state ADD COLUMN since_us INTEGER;  -- when it came to be remembered so; NULL: nobody knows

CREATE TABLE state_former (
    no              INTEGER NOT NULL REFERENCES contact (no),
    until_us        INTEGER NOT NULL,
    since_us        INTEGER,
    stage           TEXT,
    temperature     TEXT,
    stage_since_us  INTEGER,
    lower_since_us  INTEGER,
    ripe_since_us   INTEGER,
    handed_off_us   INTEGER,
    hand_off_reason TEXT,
    hand_off_open   INTEGER,
    PRIMARY KEY (no, until_us)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 5;
