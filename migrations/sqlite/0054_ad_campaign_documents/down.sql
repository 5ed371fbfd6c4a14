ALTER TABLE ad_campaigns ADD COLUMN campaign_type TEXT NOT NULL DEFAULT 'lead_generation';
ALTER TABLE ad_campaigns ADD COLUMN objective TEXT NOT NULL DEFAULT 'leads';
ALTER TABLE ad_campaigns ADD COLUMN targeting TEXT NOT NULL DEFAULT '{}';
ALTER TABLE ad_campaigns ADD COLUMN ad_creative TEXT NOT NULL DEFAULT 'null';
ALTER TABLE ad_campaigns ADD COLUMN search_ads TEXT NOT NULL DEFAULT 'null';
ALTER TABLE ad_campaigns ADD COLUMN review_state TEXT;
ALTER TABLE ad_campaigns ADD COLUMN review_reason TEXT;
ALTER TABLE ad_campaigns ADD COLUMN review_decided_at BIGINT;
ALTER TABLE ad_campaigns ADD COLUMN is_campaign_id_operators BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE ad_campaigns ADD COLUMN is_page_id_operators BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE ad_campaigns ADD COLUMN delivery_synced_at BIGINT;
ALTER TABLE ad_campaigns ADD COLUMN delivery_error TEXT;
ALTER TABLE ad_campaigns ADD COLUMN lowered_budget BIGINT;
UPDATE ad_campaigns SET campaign_type = content ->> 'campaign_type', objective = content ->> 'objective',
    targeting = content -> 'targeting', ad_creative = content -> 'ad_creative', search_ads = content -> 'search_ads',
    review_state = review ->> 'state', review_reason = review ->> 'reason',
    review_decided_at = strftime('%s', substr(review ->> 'decided_at', 1, 19)) * 1000000
        + CAST(substr(replace(substr(review ->> 'decided_at', 21), 'Z', '') || '000000', 1, 6) AS INTEGER),
    is_campaign_id_operators = review ->> 'wrote_campaign_id', is_page_id_operators = review ->> 'wrote_page_id',
    delivery_synced_at = strftime('%s', substr(delivery ->> 'synced_at', 1, 19)) * 1000000
        + CAST(substr(replace(substr(delivery ->> 'synced_at', 21), 'Z', '') || '000000', 1, 6) AS INTEGER),
    delivery_error = delivery ->> 'error', lowered_budget = delivery ->> 'lowered_budget';
ALTER TABLE ad_campaigns DROP COLUMN content;
ALTER TABLE ad_campaigns DROP COLUMN review;
ALTER TABLE ad_campaigns DROP COLUMN delivery;
