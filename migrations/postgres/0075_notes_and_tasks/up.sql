CREATE TABLE contact_notes (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    contact_id uuid NOT NULL,
    author_id uuid,
    body text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_notes_by_contact ON contact_notes (tenant_id, contact_id, id);

-- What a tenant's people have to do. Those of operators are in ops_tasks.
CREATE TABLE tasks (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    title text NOT NULL,
    description text,
    status text NOT NULL,
    priority text NOT NULL,
    due_at timestamptz,
    -- The moment of which it was told that it had come.
    told_due_at timestamptz,
    assignee_id uuid,
    contact_id uuid,
    lead_id uuid,
    created_by uuid,
    completed_at timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, id)
);
CREATE INDEX tasks_by_assignee ON tasks (tenant_id, assignee_id, id);
CREATE INDEX tasks_by_contact ON tasks (tenant_id, contact_id, id);
CREATE INDEX tasks_by_lead ON tasks (tenant_id, lead_id, id);
CREATE INDEX tasks_by_due ON tasks (tenant_id, status, due_at, id);
CREATE INDEX tasks_by_change ON tasks (tenant_id, updated_at, id);
