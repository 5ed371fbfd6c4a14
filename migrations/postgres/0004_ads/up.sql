CREATE TABLE lead_forms (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    platform text NOT NULL,
    name text NOT NULL,
    form_type text NOT NULL,
    definition jsonb NOT NULL,
    external_form_id text,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX lead_forms_external ON lead_forms (platform, external_form_id) WHERE external_form_id IS NOT NULL;

CREATE TABLE ad_campaigns (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    name text NOT NULL,
    platform text NOT NULL,
    campaign_type text NOT NULL,
    objective text NOT NULL,
    status text NOT NULL,
    status_reason text,
    currency text NOT NULL,
    daily_budget bigint NOT NULL,
    total_budget bigint,
    monthly_cap bigint,
    spent bigint NOT NULL,
    targeting jsonb NOT NULL,
    ad_creative jsonb NOT NULL,
    search_ads jsonb NOT NULL,
    lead_form_id uuid,
    account_owner text NOT NULL,
    external_campaign_id text,
    external_page_id text,
    impressions bigint NOT NULL,
    clicks bigint NOT NULL,
    leads_generated bigint NOT NULL,
    start_at timestamptz,
    end_at timestamptz,
    activated_at timestamptz,
    desired_delivery text NOT NULL,
    delivery_synced_at timestamptz,
    delivery_error text,
    lowered_budget bigint,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, lead_form_id) REFERENCES lead_forms (tenant_id, id)
);
CREATE UNIQUE INDEX ad_campaigns_external ON ad_campaigns (platform, external_campaign_id) WHERE external_campaign_id IS NOT NULL;
CREATE INDEX ad_campaigns_by_page ON ad_campaigns (platform, external_page_id);
CREATE INDEX ad_campaigns_by_creation ON ad_campaigns (tenant_id, created_at, id);
CREATE INDEX ad_campaigns_by_status ON ad_campaigns (tenant_id, status, created_at, id);
CREATE INDEX ad_campaigns_by_form ON ad_campaigns (tenant_id, lead_form_id);
