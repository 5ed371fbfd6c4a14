CREATE TABLE notifications (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    event_id uuid,
    kind text NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    link text,
    lead_id uuid,
    data jsonb NOT NULL,
    read_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE
);
CREATE INDEX notifications_by_user ON notifications (tenant_id, user_id, created_at, id);
CREATE INDEX notifications_unread ON notifications (tenant_id, user_id) WHERE read_at IS NULL;

CREATE TABLE notification_deliveries (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    event_id uuid NOT NULL,
    kind text NOT NULL,
    channel text NOT NULL,
    address text NOT NULL,
    subject text,
    body text NOT NULL,
    template_code text,
    template_variables jsonb,
    status text NOT NULL,
    provider text,
    external_id text,
    error text,
    attempted_at timestamptz,
    sent_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX notification_deliveries_once ON notification_deliveries (tenant_id, event_id, channel, address);
CREATE UNIQUE INDEX notification_deliveries_external ON notification_deliveries (provider, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX notification_deliveries_by_creation ON notification_deliveries (tenant_id, created_at, id);

CREATE TABLE operator_notifications (
    id uuid NOT NULL,
    tenant_id uuid,
    event_id uuid,
    kind text NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    data jsonb NOT NULL,
    read_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX operator_notifications_by_creation ON operator_notifications (created_at, id);

CREATE TABLE ops_tasks (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    kind text NOT NULL,
    title text NOT NULL,
    status text NOT NULL,
    estimate_minutes integer NOT NULL,
    dedupe_key text NOT NULL,
    due_at timestamptz NOT NULL,
    completed_at timestamptz,
    completed_by uuid,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX ops_tasks_once ON ops_tasks (tenant_id, dedupe_key);
CREATE INDEX ops_tasks_by_due ON ops_tasks (status, due_at, id);

-- What providers told us, stored once by the provider's own id before it is answered.
CREATE TABLE webhook_events (
    id uuid NOT NULL,
    provider text NOT NULL,
    kind text NOT NULL,
    external_id text NOT NULL,
    tenant_id uuid,
    body jsonb NOT NULL,
    state text NOT NULL,
    outcome text,
    error text,
    attempts integer NOT NULL,
    received_at timestamptz NOT NULL,
    processed_at timestamptz,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX webhook_events_once ON webhook_events (provider, kind, external_id);
CREATE INDEX webhook_events_by_state ON webhook_events (state, received_at, id);
CREATE INDEX webhook_events_by_receipt ON webhook_events (received_at, id);
