-- How often something happened in a span of time, where it is capped: a tenant's, or the platform's under the nil tenant.
-- The subject is whom it was done to; it is empty where only the sum counts.
CREATE TABLE tallies (
    tenant_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    subject TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, kind, starts_at, subject)
);
CREATE INDEX tallies_by_time ON tallies (starts_at);

-- What operators agreed with a tenant beyond what holds for everybody: domains of its links, countries, caps.
ALTER TABLE tenants ADD COLUMN agreed TEXT NOT NULL DEFAULT '{}';

-- People who agreed to be written to, as the tenant says: when, how, and who entered it.
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

-- Queued messages that wait for something of their tenant, and until when.
CREATE TABLE held_messages (
    tenant_id BLOB NOT NULL,
    message_id BLOB NOT NULL,
    lead_id BLOB NOT NULL,
    held_until BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, message_id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES messages (tenant_id, id) ON DELETE CASCADE
);

-- Outside addresses that a tenant wants its alerts to go to, and whether they agreed.
CREATE TABLE notification_recipients (
    tenant_id BLOB NOT NULL REFERENCES tenants (id),
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    asked_at BIGINT,
    confirmed_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, channel, address)
);
CREATE UNIQUE INDEX notification_recipients_token ON notification_recipients (token_hash);
CREATE INDEX notification_recipients_by_address ON notification_recipients (channel, address);
-- Those who got alerts before anybody was asked go on getting them.
INSERT OR IGNORE INTO notification_recipients (tenant_id, channel, address, token_hash, confirmed_at, created_at)
SELECT t.id, 'email', lower(r.value), 'before:' || hex(t.id) || ':email:' || lower(r.value), t.updated_at, t.updated_at
FROM tenants t, json_each(t.settings, '$.notification_recipients.emails') r;
INSERT OR IGNORE INTO notification_recipients (tenant_id, channel, address, token_hash, confirmed_at, created_at)
SELECT t.id, 'whatsapp', r.value, 'before:' || hex(t.id) || ':whatsapp:' || r.value, t.updated_at, t.updated_at
FROM tenants t, json_each(t.settings, '$.notification_recipients.whatsapp') r;
INSERT OR IGNORE INTO notification_recipients (tenant_id, channel, address, token_hash, confirmed_at, created_at)
SELECT id, 'whatsapp', profile ->> 'phone', 'before:' || hex(id) || ':whatsapp:' || (profile ->> 'phone'), updated_at, updated_at
FROM tenants WHERE profile ->> 'phone' LIKE '+%';
