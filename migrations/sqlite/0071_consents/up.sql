-- What people said about being written to: who agreed and who took it back, in which words and by what proof. Of a row nothing
-- changes but whose it is, and since when another stands in its place.
CREATE TABLE consents (
    tenant_id BLOB NOT NULL REFERENCES tenants (id),
    id BLOB NOT NULL,
    -- Whom the tenant knew by the address.
    contact_id BLOB,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    class TEXT NOT NULL,
    state TEXT NOT NULL,
    source TEXT NOT NULL,
    wording TEXT,
    wording_version TEXT,
    proof TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_by_id BLOB,
    -- Null: it stands.
    superseded_at BIGINT,
    -- The lead it came with, while that one is under lock.
    concealed_lead_id BLOB,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    FOREIGN KEY (tenant_id, concealed_lead_id) REFERENCES leads (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX consents_standing ON consents (tenant_id, channel, address, class)
WHERE superseded_at IS NULL AND concealed_lead_id IS NULL;
CREATE INDEX consents_by_address ON consents (tenant_id, address, id);
CREATE INDEX consents_by_contact ON consents (tenant_id, contact_id, id);
CREATE INDEX consents_concealed ON consents (tenant_id, concealed_lead_id) WHERE concealed_lead_id IS NOT NULL;

-- An id as of the moment it was recorded.
INSERT INTO consents (tenant_id, id, contact_id, channel, address, class, state, source, wording, proof, occurred_at, recorded_at,
    recorded_by, recorded_by_id)
SELECT o.tenant_id,
    unhex(printf('%012x', o.recorded_at / 1000) || '7' || substr(hex(randomblob(2)), 1, 3) || '8' || substr(hex(randomblob(8)), 1, 15)),
    c.id, o.channel, o.address, 'service', 'granted', 'lead', o.how, '{}', o.given_at, o.recorded_at, o.recorded_by, o.recorded_by_id
FROM opt_ins o
LEFT JOIN contact_identities i ON i.tenant_id = o.tenant_id AND i.value = o.address
    AND i.kind = CASE WHEN o.channel = 'email' THEN 'email' ELSE 'phone' END
LEFT JOIN contacts c ON c.tenant_id = i.tenant_id AND c.id = i.contact_id;
DROP TABLE opt_ins;
