DROP TRIGGER ad_campaigns_changed_by_older_processes ON ad_campaigns;
DROP TRIGGER ad_campaigns_of_older_processes ON ad_campaigns;
DROP FUNCTION ad_campaign_documents_of_columns();
UPDATE ad_campaigns SET campaign_type = content ->> 'campaign_type', objective = content ->> 'objective',
    targeting = content -> 'targeting', ad_creative = content -> 'ad_creative', search_ads = content -> 'search_ads',
    review_state = review ->> 'state', review_reason = review ->> 'reason',
    review_decided_at = (review ->> 'decided_at')::timestamptz,
    is_campaign_id_operators = (review ->> 'wrote_campaign_id')::boolean,
    is_page_id_operators = (review ->> 'wrote_page_id')::boolean,
    delivery_synced_at = (delivery ->> 'synced_at')::timestamptz, delivery_error = delivery ->> 'error',
    lowered_budget = (delivery ->> 'lowered_budget')::bigint;
ALTER TABLE ad_campaigns ALTER COLUMN campaign_type DROP DEFAULT, ALTER COLUMN objective DROP DEFAULT,
    ALTER COLUMN targeting DROP DEFAULT, ALTER COLUMN ad_creative DROP DEFAULT, ALTER COLUMN search_ads DROP DEFAULT;
ALTER TABLE ad_campaigns DROP COLUMN content, DROP COLUMN review, DROP COLUMN delivery;
