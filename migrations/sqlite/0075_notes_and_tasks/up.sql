CREATE TABLE contact_notes (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    author_id BLOB,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_notes_by_contact ON contact_notes (tenant_id, contact_id, id);

-- What a tenant's people have to do. Those of operators are in ops_tasks.
CREATE TABLE tasks (
    tenant_id BLOB NOT NULL REFERENCES tenants (id),
    id BLOB NOT NULL,
    title TEXT NOT NULL,
    description TEXT,
    status TEXT NOT NULL,
    priority TEXT NOT NULL,
    due_at BIGINT,
    -- The moment of which it was told that it had come.
    told_due_at BIGINT,
    assignee_id BLOB,
    contact_id BLOB,
    lead_id BLOB,
    created_by BLOB,
    completed_at BIGINT,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, id)
);
CREATE INDEX tasks_by_assignee ON tasks (tenant_id, assignee_id, id);
CREATE INDEX tasks_by_contact ON tasks (tenant_id, contact_id, id);
CREATE INDEX tasks_by_lead ON tasks (tenant_id, lead_id, id);
CREATE INDEX tasks_by_due ON tasks (tenant_id, status, due_at, id);
CREATE INDEX tasks_by_change ON tasks (tenant_id, updated_at, id);
