-- What a tenant writes to many people at once.
CREATE TABLE outreach_campaigns (
    tenant_id BLOB NOT NULL REFERENCES tenants (id),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    channel TEXT NOT NULL,
    template_id BLOB NOT NULL,
    status TEXT NOT NULL,
    -- Why it is paused, missed or canceled.
    status_reason TEXT,
    audience TEXT NOT NULL,
    scheduled_at BIGINT,
    lateness_minutes INTEGER NOT NULL,
    -- The words as they were confirmed.
    content TEXT,
    estimate_id BLOB,
    -- How many are written down by now, and the last of them.
    audience_size INTEGER NOT NULL,
    frozen_through BLOB,
    audience_hash TEXT,
    created_by BLOB,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    launched_at BIGINT,
    completed_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX outreach_campaigns_by_change ON outreach_campaigns (tenant_id, updated_at, id);

CREATE TABLE outreach_estimates (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    campaign_id BLOB NOT NULL,
    campaign_version INTEGER NOT NULL,
    figures TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, campaign_id) REFERENCES outreach_campaigns (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX outreach_estimates_by_campaign ON outreach_estimates (tenant_id, campaign_id, id);

-- One row for each person of a campaign's audience; made for millions. It refers to no contact: what was sent stays counted when the
-- person is forgotten, and only what was said to whom goes.
CREATE TABLE outreach_messages (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    campaign_id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    status TEXT NOT NULL,
    -- When it is tried next, or looked for.
    due_at BIGINT NOT NULL,
    address TEXT,
    sender_address TEXT,
    -- What was said; its HTML only until the provider has it.
    content TEXT,
    attempts INTEGER NOT NULL,
    attempted_at BIGINT,
    first_attempted_at BIGINT,
    provider TEXT,
    external_id TEXT,
    error_code TEXT,
    error_message TEXT,
    sent_at BIGINT,
    delivered_at BIGINT,
    opened_at BIGINT,
    clicked_at BIGINT,
    read_at BIGINT,
    responded_at BIGINT,
    -- What the person answered first, and what came of it.
    reply_class TEXT,
    reply_text TEXT,
    lead_id BLOB,
    failed_at BIGINT,
    updated_at BIGINT NOT NULL,
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
