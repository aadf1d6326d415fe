-- Version 11. Who made a change that the CRM's own history tells of.

ALTER TABLE field_former ADD COLUMN by TEXT;   -- who replaced what was; NULL: not told

ALTER TABLE owner ADD COLUMN user TEXT NOT NULL DEFAULT '';  -- the user's number, where it is another than `id`

PRAGMA user_version = 11;
