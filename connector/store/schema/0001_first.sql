-- Version 1. Every file of this folder takes a store from the version before to the one it is named
-- after; a new store runs them all, so that a migrated one has the very same schema.

PRAGMA application_id = 1280461136;  -- "LRIP": tells our file from any other SQLite file

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,  -- whose data this is, the number of buckets, plan_accepted
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO meta (key, value) VALUES ('buckets', '64');  -- never changed later: files are named by it

CREATE TABLE lease (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    run      TEXT,             -- NULL until the holder has started one
    pid      INTEGER NOT NULL,
    host     TEXT NOT NULL,
    since_us INTEGER NOT NULL  -- the file lock decides; this row only tells people who has it
) STRICT;

CREATE TABLE run (
    no         INTEGER PRIMARY KEY AUTOINCREMENT,  -- a number is never given twice
    command    TEXT NOT NULL,
    started_us INTEGER NOT NULL,
    ended_us   INTEGER,
    outcome    TEXT NOT NULL
               CHECK (outcome IN ('running', 'done', 'partial', 'failed', 'interrupted')),
    rules_hash TEXT NOT NULL,
    counts     TEXT NOT NULL DEFAULT '{}',
    message    TEXT NOT NULL DEFAULT ''
) STRICT;

-- What was read ------------------------------------------------------------------------------------

CREATE TABLE checkpoint (
    stream TEXT PRIMARY KEY,
    value  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE owner (
    id        TEXT PRIMARY KEY,
    email     TEXT NOT NULL,
    name      TEXT NOT NULL,
    is_active INTEGER NOT NULL CHECK (is_active IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE contact (
    no            INTEGER PRIMARY KEY,    -- dense, never given twice: rows are not deleted
    id            TEXT NOT NULL,          -- as the CRM spells it now; every id it had is in `identity`
    bucket        INTEGER NOT NULL,       -- no % buckets
    status        TEXT NOT NULL DEFAULT 'unseen'
                  CHECK (status IN ('unseen', 'living', 'gone', 'merged')),
    merged_into   INTEGER REFERENCES contact (no),  -- the last survivor, never one that was merged itself
    updated_us    INTEGER NOT NULL DEFAULT -9223372036854775808,
    owner         TEXT,
    fields        TEXT NOT NULL DEFAULT '{}',
    emails        TEXT NOT NULL DEFAULT '[]',
    found         TEXT NOT NULL DEFAULT '{}',  -- {property: value as the CRM last showed it}
    wrote         TEXT NOT NULL DEFAULT '{}',  -- {property: value that the CRM last accepted from us}
    is_edited     INTEGER NOT NULL DEFAULT 0 CHECK (is_edited IN (0, 1)),  -- found is not wrote
    verdict_value TEXT,                        -- the watched property's value, as it stands there
    verdict       TEXT CHECK (verdict IN ('accepted', 'rejected')),
    verdict_us    INTEGER,
    CHECK ((status = 'merged') = (merged_into IS NOT NULL))
) STRICT;

CREATE INDEX contact_bucket ON contact (bucket, no) WHERE status = 'living';
CREATE INDEX contact_edited ON contact (bucket, no) WHERE is_edited;
CREATE INDEX contact_merged ON contact (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE identity (
    id TEXT PRIMARY KEY,
    no INTEGER NOT NULL REFERENCES contact (no)
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_no ON identity (no);

CREATE TABLE address (
    email TEXT PRIMARY KEY,  -- lower case
    no    INTEGER NOT NULL REFERENCES contact (no)
) STRICT, WITHOUT ROWID;

CREATE INDEX address_no ON address (no);

CREATE TABLE opportunity (
    id          TEXT PRIMARY KEY,
    created_us  INTEGER NOT NULL,
    changed_us  INTEGER NOT NULL,
    amount      INTEGER,
    probability INTEGER,
    close_us    INTEGER,
    is_closed   INTEGER NOT NULL CHECK (is_closed IN (0, 1)),
    is_won      INTEGER NOT NULL CHECK (is_won IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE opportunity_contact (
    no          INTEGER NOT NULL REFERENCES contact (no),
    opportunity TEXT NOT NULL REFERENCES opportunity (id) ON DELETE CASCADE,
    PRIMARY KEY (no, opportunity)
) STRICT, WITHOUT ROWID;

CREATE INDEX opportunity_contact_back ON opportunity_contact (opportunity);

CREATE TABLE known_task (
    key        TEXT PRIMARY KEY,
    id         TEXT NOT NULL,
    no         INTEGER REFERENCES contact (no),
    is_done    INTEGER NOT NULL CHECK (is_done IN (0, 1)),
    changed_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX known_task_no ON known_task (no);

-- Activities on their way to Parquet -----------------------------------------------------------------

CREATE TABLE landing (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    n_rows INTEGER NOT NULL,
    batch  BLOB NOT NULL  -- an Arrow IPC stream: the activities of one page
) STRICT;

CREATE TABLE waiting_activity (
    email       TEXT NOT NULL,  -- of nobody we know yet
    activity    TEXT NOT NULL,
    type        TEXT NOT NULL,
    occurred_us INTEGER NOT NULL,
    is_outbound INTEGER NOT NULL CHECK (is_outbound IN (0, 1)),
    attributes  TEXT NOT NULL,
    PRIMARY KEY (email, activity)
) STRICT, WITHOUT ROWID;

CREATE TABLE moving (
    no INTEGER PRIMARY KEY REFERENCES contact (no)  -- merged or gone: its activities still have to follow
) STRICT;

CREATE TABLE segment (
    path       TEXT PRIMARY KEY,  -- inside `activities`
    bucket     INTEGER NOT NULL,
    n_rows     INTEGER NOT NULL,
    shape      TEXT NOT NULL,     -- which attribute columns it has
    retired_us INTEGER            -- replaced then; the file stays a while for whoever still reads it
) STRICT, WITHOUT ROWID;

CREATE INDEX segment_live ON segment (bucket) WHERE retired_us IS NULL;

-- What follows from it -----------------------------------------------------------------------------

CREATE TABLE state (
    no                INTEGER PRIMARY KEY REFERENCES contact (no),
    stage             TEXT,
    temperature       TEXT,
    stage_since_us    INTEGER,
    lower_since_us    INTEGER,
    ripe_since_us     INTEGER,
    handed_off_us     INTEGER,
    hand_off_reason   TEXT,
    hand_off_open     INTEGER CHECK (hand_off_open IN (0, 1)),
    task_key          TEXT,  -- of the hand-off that is open, or was last
    shown_score       INTEGER,
    shown_fit         INTEGER,
    shown_grade       TEXT,
    shown_persona     TEXT,
    shown_stage       TEXT,
    shown_temperature TEXT,
    shown_need_us     INTEGER,
    shown_reasons     TEXT,
    shown_at_us       INTEGER
) STRICT;

CREATE TABLE move (
    id               INTEGER PRIMARY KEY,
    no               INTEGER NOT NULL REFERENCES contact (no),
    at_us            INTEGER NOT NULL,
    from_stage       TEXT NOT NULL,
    from_temperature TEXT NOT NULL,
    to_stage         TEXT NOT NULL,
    to_temperature   TEXT NOT NULL,
    reason           TEXT NOT NULL,
    run              INTEGER NOT NULL REFERENCES run (no)
) STRICT;

CREATE INDEX move_no ON move (no);

CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,  -- an answer must never meet another entry
    kind       TEXT NOT NULL CHECK (kind IN ('contact', 'task')),
    subject    TEXT NOT NULL,  -- the contact's number, or the task's key
    no         INTEGER NOT NULL REFERENCES contact (no),
    revision   INTEGER NOT NULL DEFAULT 1,  -- rises with each new wish
    state      TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'accepted', 'refused')),
    wish       TEXT NOT NULL,               -- {property: value}, or the task
    before     TEXT NOT NULL DEFAULT '{}',  -- {property: what stood there}
    reason     TEXT NOT NULL DEFAULT '',    -- the CRM's own words, for a refused write
    run        INTEGER NOT NULL REFERENCES run (no),
    rules_hash TEXT NOT NULL,
    UNIQUE (kind, subject)                  -- a newer wish takes the place of one that still waits
) STRICT;

CREATE INDEX outbox_state ON outbox (state, kind, id);
CREATE INDEX outbox_no ON outbox (no);

CREATE TABLE ledger (
    id         INTEGER PRIMARY KEY,
    no         INTEGER NOT NULL REFERENCES contact (no),
    at_us      INTEGER NOT NULL,
    written    TEXT NOT NULL,  -- {property: value that the CRM accepted}
    before     TEXT NOT NULL,  -- {property: what stood there}
    run        INTEGER NOT NULL REFERENCES run (no),
    rules_hash TEXT NOT NULL
) STRICT;

CREATE INDEX ledger_no ON ledger (no);
CREATE INDEX ledger_run ON ledger (run);

CREATE TRIGGER ledger_is_not_rewritten BEFORE UPDATE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

CREATE TRIGGER ledger_is_not_cut BEFORE DELETE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

PRAGMA user_version = 1;
