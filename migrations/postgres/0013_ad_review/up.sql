-- Whether the operators agreed to an ad campaign in the platform's ad accounts, and to which id at the ad platform.
ALTER TABLE ad_campaigns ADD COLUMN review_state TEXT;
ALTER TABLE ad_campaigns ADD COLUMN review_reason TEXT;
ALTER TABLE ad_campaigns ADD COLUMN review_decided_at timestamptz;
ALTER TABLE ad_campaigns ADD COLUMN agreed_campaign_id TEXT;
-- What ran before anybody was asked goes on running.
UPDATE ad_campaigns SET review_state = 'approved', review_decided_at = activated_at
    WHERE activated_at IS NOT NULL AND account_owner = 'platform';
UPDATE ad_campaigns SET agreed_campaign_id = external_campaign_id WHERE activated_at IS NOT NULL;
UPDATE ad_campaigns SET review_state = 'pending'
    WHERE activated_at IS NULL AND account_owner = 'platform' AND status = 'pending_approval';

-- What a task is about, where it is about one ad campaign.
ALTER TABLE ops_tasks ADD COLUMN ad_campaign_id uuid;
