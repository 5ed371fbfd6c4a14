-- Who wished for an outside address of alerts: it goes when they are removed. Of those from before nobody knows.
ALTER TABLE notification_recipients ADD COLUMN added_by BLOB;
