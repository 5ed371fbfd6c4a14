CREATE TABLE leads (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    name text NOT NULL,
    email text,
    phone text,
    phone_raw text,
    company text,
    source text NOT NULL,
    source_details jsonb NOT NULL,
    status text NOT NULL,
    validity text NOT NULL,
    score integer NOT NULL,
    is_locked boolean NOT NULL,
    assigned_to uuid,
    assigned_at timestamptz,
    industry text,
    location jsonb NOT NULL,
    budget_range text,
    timeline text,
    form_responses jsonb NOT NULL,
    ad_campaign_id uuid,
    lead_form_id uuid,
    platform_lead_id text,
    charge_kind text,
    charged_amount bigint,
    charge_currency text,
    ai_summary text,
    ai_insights jsonb,
    behaviour jsonb NOT NULL,
    enquiry_count integer NOT NULL,
    contact_count integer NOT NULL,
    total_interactions integer NOT NULL,
    first_contact_at timestamptz,
    last_contact_at timestamptz,
    last_activity_at timestamptz NOT NULL,
    closed_at timestamptz,
    search text NOT NULL,
    received_at timestamptz NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
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
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    value text NOT NULL,
    lead_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, kind, value),
    FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX lead_identities_by_lead ON lead_identities (tenant_id, lead_id);

CREATE TABLE lead_scores (
    tenant_id uuid NOT NULL,
    lead_id uuid NOT NULL,
    id uuid NOT NULL,
    model text NOT NULL,
    model_version integer NOT NULL,
    score integer NOT NULL,
    items jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, lead_id, id),
    FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE lead_notes (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    lead_id uuid NOT NULL,
    author_id uuid,
    body text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX lead_notes_by_lead ON lead_notes (tenant_id, lead_id, id);
