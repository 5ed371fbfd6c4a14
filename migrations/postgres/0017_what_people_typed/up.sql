-- Everything a person gave to be called by, as it was typed: [{"kind", "typed", "value", "source", "received_at"}].
ALTER TABLE leads ADD COLUMN contact_details jsonb NOT NULL DEFAULT '[]';
-- How often the person sent a form. An entry by an agent is no submission.
ALTER TABLE leads ADD COLUMN form_submissions integer NOT NULL DEFAULT 0;
UPDATE leads SET form_submissions = enquiry_count WHERE source IN ('meta_ads', 'google_ads', 'web_form');
