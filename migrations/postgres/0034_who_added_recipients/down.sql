ALTER TABLE notification_recipients DROP COLUMN added_by;
