-- Version 4. What else was shown in the CRM: what to ask, and the scores beside the leading one.

ALTER TABLE state ADD COLUMN shown_missing TEXT;
ALTER TABLE state ADD COLUMN shown_scores TEXT;  -- points by name of the score, as 12/30

PRAGMA user_version = 4;
