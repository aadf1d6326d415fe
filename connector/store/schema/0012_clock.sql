-- Version 12. The clock of a hand-off; what is shown of it, of nurture and of pressure.

ALTER TABLE state ADD COLUMN answered_us INTEGER;   -- when sales acted on the last hand-off
ALTER TABLE state ADD COLUMN escalated_us INTEGER;  -- when its clock was first seen at its end
ALTER TABLE state_former ADD COLUMN answered_us INTEGER;
ALTER TABLE state_former ADD COLUMN escalated_us INTEGER;

ALTER TABLE state ADD COLUMN shown_sla TEXT;
ALTER TABLE state ADD COLUMN shown_nurture TEXT;
ALTER TABLE state ADD COLUMN shown_pressure TEXT;

PRAGMA user_version = 12;
