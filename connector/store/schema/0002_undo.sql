-- Version 2. An undo gives values back to the people whose they were.

ALTER TABLE outbox ADD COLUMN returned TEXT NOT NULL DEFAULT '[]';  -- [property]: not ours once it stands there

PRAGMA user_version = 2;
