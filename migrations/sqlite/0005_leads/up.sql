CREATE TABLE leads (
    tenant_id BLOB NOT NULL REFERENCES tenants (id),
    id BLOB NOT NULL,
    person_id BLOB NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    phone TEXT,
    phone_raw TEXT,
    company TEXT,
    source TEXT NOT NULL,
    source_details TEXT NOT NULL,
    status TEXT NOT NULL,
    validity TEXT NOT NULL,
    score INTEGER NOT NULL,
    is_locked BOOLEAN NOT NULL,
    assigned_to BLOB,
    assigned_at BIGINT,
    industry TEXT,
    location TEXT NOT NULL,
    budget_range TEXT,
    timeline TEXT,
    form_responses TEXT NOT NULL,
    ad_campaign_id BLOB,
    lead_form_id BLOB,
    platform_lead_id TEXT,
    charge_kind TEXT,
    charged_amount BIGINT,
    charge_currency TEXT,
    ai_summary TEXT,
    ai_insights TEXT,
    behaviour TEXT NOT NULL,
    enquiry_count INTEGER NOT NULL,
    contact_count INTEGER NOT NULL,
    total_interactions INTEGER NOT NULL,
    first_contact_at BIGINT,
    last_contact_at BIGINT,
    last_activity_at BIGINT NOT NULL,
    closed_at BIGINT,
    search TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, ad_campaign_id) REFERENCES ad_campaigns (tenant_id, id),
    FOREIGN KEY (tenant_id, lead_form_id) REFERENCES lead_forms (tenant_id, id),
    FOREIGN KEY (tenant_id, assigned_to) REFERENCES memberships (tenant_id, user_id)
);
CREATE INDEX leads_by_creation ON leads (tenant_id, created_at, id);
CREATE INDEX leads_by_receipt ON leads (tenant_id, received_at, id);
CREATE INDEX leads_by_score ON leads (tenant_id, score, id);
CREATE INDEX leads_by_status ON leads (tenant_id, status, created_at, id);
CREATE INDEX leads_by_source ON leads (tenant_id, source, created_at, id);
CREATE INDEX leads_by_assignee ON leads (tenant_id, assigned_to, created_at, id);
CREATE INDEX leads_by_campaign ON leads (tenant_id, ad_campaign_id, created_at, id);

-- Who a lead is: normalised e-mail, E.164 phone, platform lead id. Points at the newest lead of that person.
CREATE TABLE lead_identities (
    tenant_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    lead_id BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, kind, value),
    FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX lead_identities_by_lead ON lead_identities (tenant_id, lead_id);

CREATE TABLE lead_scores (
    tenant_id BLOB NOT NULL,
    lead_id BLOB NOT NULL,
    id BLOB NOT NULL,
    model TEXT NOT NULL,
    model_version INTEGER NOT NULL,
    score INTEGER NOT NULL,
    items TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, lead_id, id),
    FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE lead_notes (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    lead_id BLOB NOT NULL,
    author_id BLOB,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX lead_notes_by_lead ON lead_notes (tenant_id, lead_id, id);
