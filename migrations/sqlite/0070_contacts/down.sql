CREATE TABLE lead_identities (
    tenant_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    lead_id BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, kind, value),
    FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, id) ON DELETE CASCADE
);
INSERT INTO lead_identities (tenant_id, kind, value, lead_id, created_at)
SELECT tenant_id, kind, value, lead_id, created_at FROM contact_identities WHERE lead_id IS NOT NULL;
DROP TABLE contact_identities;
CREATE INDEX lead_identities_by_lead ON lead_identities (tenant_id, lead_id);
CREATE INDEX lead_identities_by_value ON lead_identities (kind, value);
DROP INDEX leads_by_person;
DROP TABLE contact_tags;
DROP TABLE contacts;
