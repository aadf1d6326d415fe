-- Version 11. Who made a change that the CRM's own history tells of; who was given which contact.

ALTER TABLE field_former ADD COLUMN by TEXT;   -- who replaced what was; NULL: not told

ALTER TABLE owner ADD COLUMN user TEXT NOT NULL DEFAULT '';  -- the user's number, where it is another than `id`

ALTER TABLE state ADD COLUMN given_to TEXT;    -- whose that task was; NULL: nobody's, or no task

UPDATE state SET given_to = (SELECT owner FROM contact c WHERE c.no = state.no) WHERE task_key IS NOT NULL;

PRAGMA user_version = 11;
