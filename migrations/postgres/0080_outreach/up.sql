-- What a tenant writes to many people at once.
CREATE TABLE outreach_campaigns (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    name text NOT NULL,
    channel text NOT NULL,
    template_id uuid NOT NULL,
    status text NOT NULL,
    -- Why it is paused, missed or canceled.
    status_reason text,
    audience jsonb NOT NULL,
    scheduled_at timestamptz,
    lateness_minutes integer NOT NULL,
    -- The words as they were confirmed.
    content jsonb,
    estimate_id uuid,
    -- How many are written down by now, and the last of them.
    audience_size integer NOT NULL,
    frozen_through uuid,
    audience_hash text,
    created_by uuid,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    launched_at timestamptz,
    completed_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX outreach_campaigns_by_change ON outreach_campaigns (tenant_id, updated_at, id);

CREATE TABLE outreach_estimates (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    campaign_version integer NOT NULL,
    figures jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, campaign_id) REFERENCES outreach_campaigns (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX outreach_estimates_by_campaign ON outreach_estimates (tenant_id, campaign_id, id);

-- One row for each person of a campaign's audience; made for millions. It refers to no contact: what was sent stays counted when the
-- person is forgotten, and only what was said to whom goes.
CREATE TABLE outreach_messages (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    status text NOT NULL,
    -- When it is tried next, or looked for.
    due_at timestamptz NOT NULL,
    address text,
    sender_address text,
    -- What was said; its HTML only until the provider has it.
    content jsonb,
    attempts integer NOT NULL,
    attempted_at timestamptz,
    first_attempted_at timestamptz,
    provider text,
    external_id text,
    error_code text,
    error_message text,
    sent_at timestamptz,
    delivered_at timestamptz,
    opened_at timestamptz,
    clicked_at timestamptz,
    read_at timestamptz,
    responded_at timestamptz,
    -- What the person answered first, and what came of it.
    reply_class text,
    reply_text text,
    lead_id uuid,
    failed_at timestamptz,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, campaign_id) REFERENCES outreach_campaigns (tenant_id, id) ON DELETE CASCADE
);
-- Nobody stands there twice.
CREATE UNIQUE INDEX outreach_messages_once ON outreach_messages (tenant_id, campaign_id, contact_id);
CREATE INDEX outreach_messages_due ON outreach_messages (tenant_id, campaign_id, due_at, id) WHERE status = 'queued';
CREATE INDEX outreach_messages_open ON outreach_messages (tenant_id, campaign_id, due_at, id) WHERE status = 'sending';
CREATE INDEX outreach_messages_by_status ON outreach_messages (tenant_id, campaign_id, status, id);
CREATE INDEX outreach_messages_by_campaign ON outreach_messages (tenant_id, campaign_id, id);
CREATE INDEX outreach_messages_by_contact ON outreach_messages (tenant_id, contact_id, id);
CREATE INDEX outreach_messages_by_external_id ON outreach_messages (external_id) WHERE external_id IS NOT NULL;
-- Whose an answer may be, whatever the tenant.
CREATE INDEX outreach_messages_by_address ON outreach_messages (address, sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX outreach_messages_by_response ON outreach_messages (tenant_id, campaign_id, responded_at, id);
