-- What is known of a person and of what they want, beyond what leads are found and counted by, is one document. The table is
-- written anew once and its indexes are built in bulk; an UPDATE would leave every row twice and write each index row by row.
ALTER TABLE leads ADD COLUMN profile jsonb;
ALTER TABLE leads ALTER COLUMN profile SET DATA TYPE jsonb USING jsonb_build_object(
    'phone_raw', phone_raw, 'contact_details', contact_details, 'industry', industry, 'location', location,
    'budget_range', budget_range, 'timeline', timeline, 'form_responses', form_responses,
    'form_submissions', form_submissions, 'enquiry_count', enquiry_count, 'source_details', source_details,
    'behaviour', behaviour, 'ai_summary', ai_summary, 'ai_insights', ai_insights
), ALTER COLUMN profile SET NOT NULL;

-- The columns stay for processes of the version before, which may still run and go with the release after this one. Nobody
-- else writes them.
ALTER TABLE leads ALTER COLUMN source_details SET DEFAULT '{}', ALTER COLUMN location SET DEFAULT '{}',
    ALTER COLUMN form_responses SET DEFAULT '[]', ALTER COLUMN behaviour SET DEFAULT '{}',
    ALTER COLUMN enquiry_count SET DEFAULT 1;

-- What an older process changed from `was` to `said`, put into the document as it is. Where that process saw less than there
-- is, numbers are counted on, and lists and objects are added to.
CREATE FUNCTION document_as_said(document jsonb, was jsonb, said jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    name text;
    value jsonb;
    known jsonb;
BEGIN
    FOR name, value IN SELECT * FROM jsonb_each(said) LOOP
        known := document -> name;
        IF value = was -> name THEN
            CONTINUE;
        ELSIF known <> was -> name AND jsonb_typeof(known) = 'number' AND jsonb_typeof(value) = 'number' THEN
            value := to_jsonb(known::numeric + value::numeric - (was -> name)::numeric);
        ELSIF known <> was -> name AND jsonb_typeof(known) = jsonb_typeof(value) AND jsonb_typeof(value) IN ('array', 'object') THEN
            value := known || value;
        END IF;
        document := jsonb_set(document, ARRAY[name], value);
    END LOOP;
    RETURN document;
END $$;

CREATE FUNCTION lead_profile_of_columns() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said jsonb := jsonb_build_object(
        'phone_raw', NEW.phone_raw, 'contact_details', NEW.contact_details, 'industry', NEW.industry,
        'location', NEW.location, 'budget_range', NEW.budget_range, 'timeline', NEW.timeline,
        'form_responses', NEW.form_responses, 'form_submissions', NEW.form_submissions,
        'enquiry_count', NEW.enquiry_count, 'source_details', NEW.source_details, 'behaviour', NEW.behaviour,
        'ai_summary', NEW.ai_summary, 'ai_insights', NEW.ai_insights);
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.profile := said;
    ELSE
        NEW.profile := document_as_said(NEW.profile, jsonb_build_object(
            'phone_raw', OLD.phone_raw, 'contact_details', OLD.contact_details, 'industry', OLD.industry,
            'location', OLD.location, 'budget_range', OLD.budget_range, 'timeline', OLD.timeline,
            'form_responses', OLD.form_responses, 'form_submissions', OLD.form_submissions,
            'enquiry_count', OLD.enquiry_count, 'source_details', OLD.source_details, 'behaviour', OLD.behaviour,
            'ai_summary', OLD.ai_summary, 'ai_insights', OLD.ai_insights), said);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER leads_of_older_processes BEFORE INSERT ON leads FOR EACH ROW WHEN (NEW.profile IS NULL)
    EXECUTE FUNCTION lead_profile_of_columns();
CREATE TRIGGER leads_changed_by_older_processes BEFORE UPDATE OF phone_raw, contact_details, industry, location, budget_range,
    timeline, form_responses, form_submissions, enquiry_count, source_details, behaviour, ai_summary, ai_insights ON leads
    FOR EACH ROW EXECUTE FUNCTION lead_profile_of_columns();
