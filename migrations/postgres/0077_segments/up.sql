-- Groups of contacts, and who is in them.
CREATE TABLE segments (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    name text NOT NULL,
    description text,
    kind text NOT NULL,
    -- Of a dynamic one.
    rule jsonb,
    status text NOT NULL,
    members_count bigint NOT NULL,
    -- Counts the rules that it has had.
    rule_version integer NOT NULL,
    built_at timestamptz,
    created_by uuid,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE segment_members (
    tenant_id uuid NOT NULL,
    segment_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    entered_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, segment_id, contact_id),
    FOREIGN KEY (tenant_id, segment_id) REFERENCES segments (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX segment_members_by_contact ON segment_members (tenant_id, contact_id);

-- When time alone may bring a contact in or out.
CREATE TABLE segment_turns (
    tenant_id uuid NOT NULL,
    segment_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    turns_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, segment_id, contact_id),
    FOREIGN KEY (tenant_id, segment_id) REFERENCES segments (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX segment_turns_by_contact ON segment_turns (tenant_id, contact_id);
CREATE INDEX segment_turns_by_time ON segment_turns (tenant_id, turns_at);

-- Up to which event a tenant's segments have followed, where it has dynamic ones.
CREATE TABLE segment_places (
    tenant_id uuid NOT NULL PRIMARY KEY REFERENCES tenants (id),
    after_event uuid NOT NULL
);
