-- An e-mail is kept as it leaves, text and HTML, so that sending it again sends the same.
ALTER TABLE notification_deliveries ADD COLUMN html TEXT;
