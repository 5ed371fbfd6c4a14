-- What is known of a person and of what they want, beyond what leads are found and counted by, is one document.
ALTER TABLE leads ADD COLUMN profile TEXT NOT NULL DEFAULT '{}';
UPDATE leads SET profile = json_object(
    'phone_raw', phone_raw, 'contact_details', json(contact_details), 'industry', industry, 'location', json(location),
    'budget_range', budget_range, 'timeline', timeline, 'form_responses', json(form_responses),
    'form_submissions', form_submissions, 'enquiry_count', enquiry_count, 'source_details', json(source_details),
    'behaviour', json(behaviour), 'ai_summary', ai_summary, 'ai_insights', json(ai_insights)
);
ALTER TABLE leads DROP COLUMN phone_raw;
ALTER TABLE leads DROP COLUMN contact_details;
ALTER TABLE leads DROP COLUMN industry;
ALTER TABLE leads DROP COLUMN location;
ALTER TABLE leads DROP COLUMN budget_range;
ALTER TABLE leads DROP COLUMN timeline;
ALTER TABLE leads DROP COLUMN form_responses;
ALTER TABLE leads DROP COLUMN form_submissions;
ALTER TABLE leads DROP COLUMN enquiry_count;
ALTER TABLE leads DROP COLUMN source_details;
ALTER TABLE leads DROP COLUMN behaviour;
ALTER TABLE leads DROP COLUMN ai_summary;
ALTER TABLE leads DROP COLUMN ai_insights;
