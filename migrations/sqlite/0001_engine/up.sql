-- Append-only facts: audit trail, timeline, triggers. The platform itself is the nil tenant.
CREATE TABLE events (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    type TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    subject_id BLOB,
    lead_id BLOB,
    actor_type TEXT NOT NULL,
    actor_id BLOB,
    request_id TEXT,
    data TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX events_by_type ON events (tenant_id, type, id);
CREATE INDEX events_by_lead ON events (tenant_id, lead_id, id);
CREATE INDEX events_by_subject ON events (tenant_id, subject_type, subject_id, id);

-- Work that follows from a transaction. The tenant is the lane of fairness.
CREATE TABLE jobs (
    id BLOB NOT NULL,
    tenant_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    priority INTEGER NOT NULL,
    run_at BIGINT NOT NULL,
    attempt INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    lease_until BIGINT,
    worker TEXT,
    unique_key TEXT,
    trace TEXT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
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
    scope_hash TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    etag TEXT,
    location TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (scope_hash)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);
