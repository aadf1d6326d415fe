-- Version 13. The form in which a contact was shown: properties, language, names of the rules.

ALTER TABLE state ADD COLUMN shown_form TEXT;

PRAGMA user_version = 13;
