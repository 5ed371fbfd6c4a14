-- A tenant's own message templates.
CREATE TABLE templates (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    name text NOT NULL,
    -- The name, folded: unique among those that are not archived, and searched by.
    search text NOT NULL,
    channel text NOT NULL,
    message_class text NOT NULL,
    language text,
    subject text,
    body text,
    html text,
    preheader text,
    status text NOT NULL,
    variables jsonb NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX templates_by_name ON templates (tenant_id, search) WHERE status <> 'archived';
CREATE INDEX templates_by_change ON templates (tenant_id, updated_at, id);
