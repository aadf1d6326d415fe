-- Version 8. The interests that were shown in the CRM.

ALTER TABLE state ADD COLUMN shown_interests TEXT;

PRAGMA user_version = 8;
