-- What is advertised, what operators said to it and what the ad platform did are documents: nobody looks for them by
-- themselves.
ALTER TABLE ad_campaigns ADD COLUMN content TEXT NOT NULL DEFAULT '{}';
ALTER TABLE ad_campaigns ADD COLUMN review TEXT NOT NULL DEFAULT '{}';
ALTER TABLE ad_campaigns ADD COLUMN delivery TEXT NOT NULL DEFAULT '{}';
-- Moments become RFC 3339 with the microseconds that they have.
UPDATE ad_campaigns SET
    content = json_object('campaign_type', campaign_type, 'objective', objective, 'targeting', json(targeting),
        'ad_creative', json(ad_creative), 'search_ads', json(search_ads)),
    review = json_object('state', review_state, 'reason', review_reason,
        'decided_at', strftime('%Y-%m-%dT%H:%M:%S', review_decided_at / 1000000, 'unixepoch')
            || printf('.%06dZ', review_decided_at % 1000000),
        'wrote_campaign_id', json(CASE WHEN is_campaign_id_operators THEN 'true' ELSE 'false' END),
        'wrote_page_id', json(CASE WHEN is_page_id_operators THEN 'true' ELSE 'false' END)),
    delivery = json_object(
        'synced_at', strftime('%Y-%m-%dT%H:%M:%S', delivery_synced_at / 1000000, 'unixepoch')
            || printf('.%06dZ', delivery_synced_at % 1000000),
        'error', delivery_error, 'lowered_budget', lowered_budget);
ALTER TABLE ad_campaigns DROP COLUMN campaign_type;
ALTER TABLE ad_campaigns DROP COLUMN objective;
ALTER TABLE ad_campaigns DROP COLUMN targeting;
ALTER TABLE ad_campaigns DROP COLUMN ad_creative;
ALTER TABLE ad_campaigns DROP COLUMN search_ads;
ALTER TABLE ad_campaigns DROP COLUMN review_state;
ALTER TABLE ad_campaigns DROP COLUMN review_reason;
ALTER TABLE ad_campaigns DROP COLUMN review_decided_at;
ALTER TABLE ad_campaigns DROP COLUMN is_campaign_id_operators;
ALTER TABLE ad_campaigns DROP COLUMN is_page_id_operators;
ALTER TABLE ad_campaigns DROP COLUMN delivery_synced_at;
ALTER TABLE ad_campaigns DROP COLUMN delivery_error;
ALTER TABLE ad_campaigns DROP COLUMN lowered_budget;
