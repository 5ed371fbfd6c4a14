-- What is advertised, what operators said to it and what the ad platform did are documents: nobody looks for them by
-- themselves.
ALTER TABLE ad_campaigns ADD COLUMN content jsonb, ADD COLUMN review jsonb, ADD COLUMN delivery jsonb;
UPDATE ad_campaigns SET
    content = jsonb_build_object('campaign_type', campaign_type, 'objective', objective, 'targeting', targeting,
        'ad_creative', ad_creative, 'search_ads', search_ads),
    review = jsonb_build_object('state', review_state, 'reason', review_reason,
        'decided_at', to_char(review_decided_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'wrote_campaign_id', is_campaign_id_operators, 'wrote_page_id', is_page_id_operators),
    delivery = jsonb_build_object(
        'synced_at', to_char(delivery_synced_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'error', delivery_error, 'lowered_budget', lowered_budget);
ALTER TABLE ad_campaigns ALTER COLUMN content SET NOT NULL, ALTER COLUMN review SET NOT NULL, ALTER COLUMN delivery SET NOT NULL;

-- The columns stay for processes of the version before, as those of leads do (0053).
ALTER TABLE ad_campaigns ALTER COLUMN campaign_type SET DEFAULT 'lead_generation', ALTER COLUMN objective SET DEFAULT 'leads',
    ALTER COLUMN targeting SET DEFAULT '{}', ALTER COLUMN ad_creative SET DEFAULT 'null', ALTER COLUMN search_ads SET DEFAULT 'null';

CREATE FUNCTION ad_campaign_documents_of_columns() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stamp text := 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"';
    said_content jsonb := jsonb_build_object('campaign_type', NEW.campaign_type, 'objective', NEW.objective,
        'targeting', NEW.targeting, 'ad_creative', NEW.ad_creative, 'search_ads', NEW.search_ads);
    said_review jsonb := jsonb_build_object('state', NEW.review_state, 'reason', NEW.review_reason,
        'decided_at', to_char(NEW.review_decided_at AT TIME ZONE 'UTC', stamp),
        'wrote_campaign_id', NEW.is_campaign_id_operators, 'wrote_page_id', NEW.is_page_id_operators);
    said_delivery jsonb := jsonb_build_object('synced_at', to_char(NEW.delivery_synced_at AT TIME ZONE 'UTC', stamp),
        'error', NEW.delivery_error);
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.content := said_content;
        NEW.review := said_review;
        NEW.delivery := said_delivery || jsonb_build_object('lowered_budget', NEW.lowered_budget);
        RETURN NEW;
    END IF;
    NEW.content := document_as_said(NEW.content, jsonb_build_object('campaign_type', OLD.campaign_type,
        'objective', OLD.objective, 'targeting', OLD.targeting, 'ad_creative', OLD.ad_creative,
        'search_ads', OLD.search_ads), said_content);
    NEW.review := document_as_said(NEW.review, jsonb_build_object('state', OLD.review_state, 'reason', OLD.review_reason,
        'decided_at', to_char(OLD.review_decided_at AT TIME ZONE 'UTC', stamp),
        'wrote_campaign_id', OLD.is_campaign_id_operators, 'wrote_page_id', OLD.is_page_id_operators), said_review);
    NEW.delivery := document_as_said(NEW.delivery, jsonb_build_object(
        'synced_at', to_char(OLD.delivery_synced_at AT TIME ZONE 'UTC', stamp), 'error', OLD.delivery_error), said_delivery);
    -- A figure, and no count.
    IF NEW.lowered_budget IS DISTINCT FROM OLD.lowered_budget THEN
        NEW.delivery := NEW.delivery || jsonb_build_object('lowered_budget', NEW.lowered_budget);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ad_campaigns_of_older_processes BEFORE INSERT ON ad_campaigns FOR EACH ROW WHEN (NEW.content IS NULL)
    EXECUTE FUNCTION ad_campaign_documents_of_columns();
CREATE TRIGGER ad_campaigns_changed_by_older_processes BEFORE UPDATE OF campaign_type, objective, targeting, ad_creative,
    search_ads, review_state, review_reason, review_decided_at, is_campaign_id_operators, is_page_id_operators,
    delivery_synced_at, delivery_error, lowered_budget ON ad_campaigns
    FOR EACH ROW EXECUTE FUNCTION ad_campaign_documents_of_columns();
