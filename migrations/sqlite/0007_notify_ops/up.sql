CREATE TABLE notifications (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    event_id BLOB,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    link TEXT,
    lead_id BLOB,
    data TEXT NOT NULL,
    read_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE
);
CREATE INDEX notifications_by_user ON notifications (tenant_id, user_id, created_at, id);
CREATE INDEX notifications_unread ON notifications (tenant_id, user_id) WHERE read_at IS NULL;

CREATE TABLE notification_deliveries (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    subject TEXT,
    body TEXT NOT NULL,
    template_code TEXT,
    template_variables TEXT,
    status TEXT NOT NULL,
    provider TEXT,
    external_id TEXT,
    error TEXT,
    attempted_at BIGINT,
    sent_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX notification_deliveries_once ON notification_deliveries (tenant_id, event_id, channel, address);
CREATE UNIQUE INDEX notification_deliveries_external ON notification_deliveries (provider, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX notification_deliveries_by_creation ON notification_deliveries (tenant_id, created_at, id);

CREATE TABLE operator_notifications (
    id BLOB NOT NULL,
    tenant_id BLOB,
    event_id BLOB,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    data TEXT NOT NULL,
    read_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX operator_notifications_by_creation ON operator_notifications (created_at, id);

CREATE TABLE ops_tasks (
    id BLOB NOT NULL,
    tenant_id BLOB NOT NULL REFERENCES tenants (id),
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    status TEXT NOT NULL,
    estimate_minutes INTEGER NOT NULL,
    dedupe_key TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    completed_at BIGINT,
    completed_by BLOB,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX ops_tasks_once ON ops_tasks (tenant_id, dedupe_key);
CREATE INDEX ops_tasks_by_due ON ops_tasks (status, due_at, id);

-- What providers told us, stored once by the provider's own id before it is answered.
CREATE TABLE webhook_events (
    id BLOB NOT NULL,
    provider TEXT NOT NULL,
    kind TEXT NOT NULL,
    external_id TEXT NOT NULL,
    tenant_id BLOB,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    error TEXT,
    attempts INTEGER NOT NULL,
    received_at BIGINT NOT NULL,
    processed_at BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX webhook_events_once ON webhook_events (provider, kind, external_id);
CREATE INDEX webhook_events_by_state ON webhook_events (state, received_at, id);
CREATE INDEX webhook_events_by_receipt ON webhook_events (received_at, id);
