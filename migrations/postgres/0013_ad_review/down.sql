ALTER TABLE ops_tasks DROP COLUMN ad_campaign_id;
ALTER TABLE ad_campaigns DROP COLUMN agreed_campaign_id;
ALTER TABLE ad_campaigns DROP COLUMN review_decided_at;
ALTER TABLE ad_campaigns DROP COLUMN review_reason;
ALTER TABLE ad_campaigns DROP COLUMN review_state;
