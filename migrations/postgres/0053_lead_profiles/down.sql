DROP TRIGGER leads_changed_by_older_processes ON leads;
DROP TRIGGER leads_of_older_processes ON leads;
DROP FUNCTION lead_profile_of_columns();
DROP FUNCTION document_as_said(jsonb, jsonb, jsonb);
UPDATE leads SET phone_raw = profile ->> 'phone_raw', contact_details = profile -> 'contact_details',
    industry = profile ->> 'industry', location = profile -> 'location', budget_range = profile ->> 'budget_range',
    timeline = profile ->> 'timeline', form_responses = profile -> 'form_responses',
    form_submissions = (profile ->> 'form_submissions')::integer, enquiry_count = (profile ->> 'enquiry_count')::integer,
    source_details = profile -> 'source_details', behaviour = profile -> 'behaviour', ai_summary = profile ->> 'ai_summary',
    ai_insights = nullif(profile -> 'ai_insights', 'null');
ALTER TABLE leads ALTER COLUMN source_details DROP DEFAULT, ALTER COLUMN location DROP DEFAULT,
    ALTER COLUMN form_responses DROP DEFAULT, ALTER COLUMN behaviour DROP DEFAULT, ALTER COLUMN enquiry_count DROP DEFAULT;
ALTER TABLE leads DROP COLUMN profile;
