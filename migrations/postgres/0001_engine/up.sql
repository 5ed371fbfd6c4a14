-- Append-only facts: audit trail, timeline, triggers. The platform itself is the nil tenant.
CREATE TABLE events (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    subject_type text NOT NULL,
    subject_id uuid,
    lead_id uuid,
    actor_type text NOT NULL,
    actor_id uuid,
    request_id text,
    data jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX events_by_type ON events (tenant_id, type, id);
CREATE INDEX events_by_lead ON events (tenant_id, lead_id, id);
CREATE INDEX events_by_subject ON events (tenant_id, subject_type, subject_id, id);

-- Work that follows from a transaction. The tenant is the lane of fairness.
CREATE TABLE jobs (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    state text NOT NULL,
    priority integer NOT NULL,
    run_at timestamptz NOT NULL,
    attempt integer NOT NULL,
    max_attempts integer NOT NULL,
    lease_until timestamptz,
    worker text,
    unique_key text,
    trace text,
    last_error text,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX jobs_unique ON jobs (kind, unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX jobs_available ON jobs (tenant_id, priority, run_at, id) WHERE state = 'available';
CREATE INDEX jobs_due ON jobs (run_at) WHERE state IN ('scheduled', 'retry');
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_by_state ON jobs (state, id);

-- The stored answer to a POST, written in the transaction of its effect. Bodies are sealed.
CREATE TABLE idempotency_keys (
    scope_hash text NOT NULL,
    request_hash text NOT NULL,
    status integer NOT NULL,
    body text NOT NULL,
    etag text,
    location text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (scope_hash)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);
