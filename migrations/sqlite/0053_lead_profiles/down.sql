ALTER TABLE leads ADD COLUMN phone_raw TEXT;
ALTER TABLE leads ADD COLUMN contact_details TEXT NOT NULL DEFAULT '[]';
ALTER TABLE leads ADD COLUMN industry TEXT;
ALTER TABLE leads ADD COLUMN location TEXT NOT NULL DEFAULT '{}';
ALTER TABLE leads ADD COLUMN budget_range TEXT;
ALTER TABLE leads ADD COLUMN timeline TEXT;
ALTER TABLE leads ADD COLUMN form_responses TEXT NOT NULL DEFAULT '[]';
ALTER TABLE leads ADD COLUMN form_submissions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE leads ADD COLUMN enquiry_count INTEGER NOT NULL DEFAULT 1;
ALTER TABLE leads ADD COLUMN source_details TEXT NOT NULL DEFAULT '{}';
ALTER TABLE leads ADD COLUMN behaviour TEXT NOT NULL DEFAULT '{}';
ALTER TABLE leads ADD COLUMN ai_summary TEXT;
ALTER TABLE leads ADD COLUMN ai_insights TEXT;
UPDATE leads SET phone_raw = profile ->> 'phone_raw', contact_details = profile -> 'contact_details',
    industry = profile ->> 'industry', location = profile -> 'location', budget_range = profile ->> 'budget_range',
    timeline = profile ->> 'timeline', form_responses = profile -> 'form_responses',
    form_submissions = profile ->> 'form_submissions', enquiry_count = profile ->> 'enquiry_count',
    source_details = profile -> 'source_details', behaviour = profile -> 'behaviour', ai_summary = profile ->> 'ai_summary',
    ai_insights = nullif(profile -> 'ai_insights', 'null');
ALTER TABLE leads DROP COLUMN profile;
