-- Groups of contacts, and who is in them.
CREATE TABLE segments (
    tenant_id BLOB NOT NULL REFERENCES tenants (id),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    kind TEXT NOT NULL,
    -- Of a dynamic one.
    rule TEXT,
    status TEXT NOT NULL,
    members_count BIGINT NOT NULL,
    -- Counts the rules that it has had.
    rule_version INTEGER NOT NULL,
    built_at BIGINT,
    created_by BLOB,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE segment_members (
    tenant_id BLOB NOT NULL,
    segment_id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    entered_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, segment_id, contact_id),
    FOREIGN KEY (tenant_id, segment_id) REFERENCES segments (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX segment_members_by_contact ON segment_members (tenant_id, contact_id);

-- When time alone may bring a contact in or out.
CREATE TABLE segment_turns (
    tenant_id BLOB NOT NULL,
    segment_id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    turns_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, segment_id, contact_id),
    FOREIGN KEY (tenant_id, segment_id) REFERENCES segments (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX segment_turns_by_contact ON segment_turns (tenant_id, contact_id);
CREATE INDEX segment_turns_by_time ON segment_turns (tenant_id, turns_at);

-- Up to which event a tenant's segments have followed, where it has dynamic ones.
CREATE TABLE segment_places (
    tenant_id BLOB NOT NULL PRIMARY KEY REFERENCES tenants (id),
    after_event BLOB NOT NULL
);
