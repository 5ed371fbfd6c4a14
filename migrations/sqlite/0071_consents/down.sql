CREATE TABLE opt_ins (
    tenant_id BLOB NOT NULL REFERENCES tenants (id),
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    class TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    how TEXT NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_by_id BLOB,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, channel, address, class)
);
INSERT OR IGNORE INTO opt_ins (tenant_id, channel, address, class, given_at, how, recorded_by, recorded_by_id, recorded_at)
SELECT tenant_id, channel, address, 'conversation', occurred_at, coalesce(wording, source), recorded_by, recorded_by_id, recorded_at
FROM consents WHERE class = 'service' AND state = 'granted' AND superseded_at IS NULL
ORDER BY occurred_at DESC;
DROP TABLE consents;
