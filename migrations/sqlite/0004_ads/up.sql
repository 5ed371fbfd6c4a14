CREATE TABLE lead_forms (
    tenant_id BLOB NOT NULL REFERENCES tenants (id),
    id BLOB NOT NULL,
    platform TEXT NOT NULL,
    name TEXT NOT NULL,
    form_type TEXT NOT NULL,
    definition TEXT NOT NULL,
    external_form_id TEXT,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX lead_forms_external ON lead_forms (platform, external_form_id) WHERE external_form_id IS NOT NULL;

CREATE TABLE ad_campaigns (
    tenant_id BLOB NOT NULL REFERENCES tenants (id),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    platform TEXT NOT NULL,
    campaign_type TEXT NOT NULL,
    objective TEXT NOT NULL,
    status TEXT NOT NULL,
    status_reason TEXT,
    currency TEXT NOT NULL,
    daily_budget BIGINT NOT NULL,
    total_budget BIGINT,
    monthly_cap BIGINT,
    spent BIGINT NOT NULL,
    targeting TEXT NOT NULL,
    ad_creative TEXT NOT NULL,
    search_ads TEXT NOT NULL,
    lead_form_id BLOB,
    account_owner TEXT NOT NULL,
    external_campaign_id TEXT,
    external_page_id TEXT,
    impressions BIGINT NOT NULL,
    clicks BIGINT NOT NULL,
    leads_generated BIGINT NOT NULL,
    start_at BIGINT,
    end_at BIGINT,
    activated_at BIGINT,
    desired_delivery TEXT NOT NULL,
    delivery_synced_at BIGINT,
    delivery_error TEXT,
    lowered_budget BIGINT,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, lead_form_id) REFERENCES lead_forms (tenant_id, id)
);
CREATE UNIQUE INDEX ad_campaigns_external ON ad_campaigns (platform, external_campaign_id) WHERE external_campaign_id IS NOT NULL;
CREATE INDEX ad_campaigns_by_page ON ad_campaigns (platform, external_page_id);
CREATE INDEX ad_campaigns_by_creation ON ad_campaigns (tenant_id, created_at, id);
CREATE INDEX ad_campaigns_by_status ON ad_campaigns (tenant_id, status, created_at, id);
CREATE INDEX ad_campaigns_by_form ON ad_campaigns (tenant_id, lead_form_id);
