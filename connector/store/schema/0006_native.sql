-- Version 6. Where a contact stood when the CRM's own fields were last planned.

ALTER TABLE state ADD COLUMN shown_native TEXT;

PRAGMA user_version = 6;
