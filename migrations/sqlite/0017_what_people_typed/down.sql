ALTER TABLE leads DROP COLUMN form_submissions;
ALTER TABLE leads DROP COLUMN contact_details;
