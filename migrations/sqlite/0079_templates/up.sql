-- A tenant's own message templates.
CREATE TABLE templates (
    tenant_id BLOB NOT NULL REFERENCES tenants (id),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    -- The name, folded: unique among those that are not archived, and searched by.
    search TEXT NOT NULL,
    channel TEXT NOT NULL,
    message_class TEXT NOT NULL,
    language TEXT,
    subject TEXT,
    body TEXT,
    html TEXT,
    preheader TEXT,
    status TEXT NOT NULL,
    variables TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX templates_by_name ON templates (tenant_id, search) WHERE status <> 'archived';
CREATE INDEX templates_by_change ON templates (tenant_id, updated_at, id);
