-- An id at an ad platform is a wish until an operator agrees to it. Leads follow agreed ids only, and only those are
-- anybody's alone: two tenants may write the same one down.
ALTER TABLE lead_forms ADD COLUMN agreed_form_id TEXT;
ALTER TABLE ad_campaigns ADD COLUMN agreed_page_id TEXT;
-- What operators wrote of the platform's own ad accounts is not shown to tenants.
ALTER TABLE lead_forms ADD COLUMN is_form_id_operators BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE ad_campaigns ADD COLUMN is_campaign_id_operators BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE ad_campaigns ADD COLUMN is_page_id_operators BOOLEAN NOT NULL DEFAULT false;

-- What operators agreed to before stays agreed.
UPDATE ad_campaigns SET agreed_campaign_id = NULL
    WHERE external_campaign_id IS NULL OR agreed_campaign_id <> external_campaign_id;
UPDATE ad_campaigns SET agreed_page_id = external_page_id WHERE review_state = 'approved' OR agreed_campaign_id IS NOT NULL;
UPDATE lead_forms SET agreed_form_id = external_form_id WHERE EXISTS (
    SELECT 1 FROM ad_campaigns c WHERE c.tenant_id = lead_forms.tenant_id AND c.lead_form_id = lead_forms.id
        AND (c.review_state = 'approved' OR c.agreed_campaign_id IS NOT NULL));
UPDATE ad_campaigns SET is_campaign_id_operators = true, is_page_id_operators = true
    WHERE account_owner = 'platform' AND EXISTS (
        SELECT 1 FROM events e WHERE e.tenant_id = ad_campaigns.tenant_id AND e.subject_type = 'ad_campaign'
            AND e.subject_id = ad_campaigns.id AND e.type = 'ad_campaign.created' AND e.actor_type = 'operator');
UPDATE lead_forms SET is_form_id_operators = true WHERE EXISTS (
    SELECT 1 FROM ad_campaigns c WHERE c.tenant_id = lead_forms.tenant_id AND c.lead_form_id = lead_forms.id
        AND c.is_campaign_id_operators);

DROP INDEX lead_forms_external;
CREATE INDEX lead_forms_external ON lead_forms (platform, external_form_id) WHERE external_form_id IS NOT NULL;
CREATE UNIQUE INDEX lead_forms_agreed ON lead_forms (platform, agreed_form_id) WHERE agreed_form_id IS NOT NULL;
DROP INDEX ad_campaigns_external;
CREATE INDEX ad_campaigns_external ON ad_campaigns (platform, external_campaign_id) WHERE external_campaign_id IS NOT NULL;
CREATE UNIQUE INDEX ad_campaigns_agreed ON ad_campaigns (platform, agreed_campaign_id) WHERE agreed_campaign_id IS NOT NULL;
DROP INDEX ad_campaigns_by_page;
CREATE INDEX ad_campaigns_by_page ON ad_campaigns (tenant_id, platform, agreed_page_id) WHERE agreed_page_id IS NOT NULL;

-- Keys of single ad campaigns, for lead forms that send to us with nothing but a key. Kept as hashes.
CREATE TABLE lead_form_keys (
    tenant_id BLOB NOT NULL REFERENCES tenants (id),
    id BLOB NOT NULL,
    ad_campaign_id BLOB NOT NULL,
    prefix TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, ad_campaign_id) REFERENCES ad_campaigns (tenant_id, id)
);
CREATE UNIQUE INDEX lead_form_keys_hash ON lead_form_keys (key_hash);
CREATE INDEX lead_form_keys_by_campaign ON lead_form_keys (tenant_id, ad_campaign_id);
