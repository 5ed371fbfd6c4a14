-- What each local day on which a limited ad campaign ran may have cost: its daily budget. Limits are kept by these sums until
-- figures are read back from the ad platform.
CREATE TABLE ad_commitments (
    tenant_id BLOB NOT NULL,
    ad_campaign_id BLOB NOT NULL,
    -- The day in the tenant's zone, YYYY-MM-DD.
    day TEXT NOT NULL,
    amount BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, ad_campaign_id, day),
    FOREIGN KEY (tenant_id, ad_campaign_id) REFERENCES ad_campaigns (tenant_id, id)
);
-- When the next day has to be committed, or a limit may have room again.
ALTER TABLE ad_campaigns ADD COLUMN committed_until BIGINT;
-- When spent, impressions and clicks were read from the ad platform; they mean nothing before.
ALTER TABLE ad_campaigns ADD COLUMN figures_at BIGINT;
CREATE INDEX ad_campaigns_to_commit ON ad_campaigns (committed_until)
    WHERE (monthly_cap IS NOT NULL OR total_budget IS NOT NULL) AND status IN ('active', 'paused');
