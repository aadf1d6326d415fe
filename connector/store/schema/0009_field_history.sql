-- Version 9. The CRM's own history of contact fields, for what was before we read them.

ALTER TABLE contact ADD COLUMN first_us INTEGER;  -- since when we know it ourselves; NULL: as `kept_since_us`

UPDATE contact SET first_us = (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'kept_since_us')
WHERE status = 'living';

CREATE VIEW living AS           -- contacts, and when our own record of each begins
SELECT c.no, c.id, c.bucket, coalesce(c.first_us, (SELECT CAST(value AS INTEGER) FROM meta
    WHERE key = 'kept_since_us'), 9223372036854775807) AS begins_us
FROM contact c WHERE c.status = 'living';

CREATE TABLE field_first (      -- fields that the mapping named only once the contact was known
    no       INTEGER NOT NULL REFERENCES contact (no),
    field    TEXT NOT NULL,
    since_us INTEGER NOT NULL,
    PRIMARY KEY (no, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE history_scope (    -- what an answer of the CRM covered: few, and shared by many contacts
    id     INTEGER PRIMARY KEY,
    told   TEXT NOT NULL,       -- {field: since when its history is told, or null: from the beginning}
    unkept TEXT NOT NULL,       -- [field]: asked for, and not kept by the CRM
    UNIQUE (told, unkept)
) STRICT;

CREATE TABLE history_asked (
    no    INTEGER PRIMARY KEY REFERENCES contact (no),
    scope INTEGER NOT NULL REFERENCES history_scope (id)
) STRICT;

CREATE TABLE field_former (
    no       INTEGER NOT NULL REFERENCES contact (no),
    until_us INTEGER NOT NULL,  -- the CRM's stamp of the change by which it was replaced
    was      TEXT NOT NULL,     -- {field: value}, of the fields that changed then
    PRIMARY KEY (no, until_us)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 9;
