-- What a tenant keeps of people besides what every tenant does: the definitions, and the values by which people are found.
CREATE TABLE custom_attributes (
    tenant_id BLOB NOT NULL REFERENCES tenants (id),
    id BLOB NOT NULL,
    key TEXT NOT NULL,
    label TEXT NOT NULL,
    kind TEXT NOT NULL,
    options TEXT NOT NULL,
    description TEXT,
    archived_at BIGINT,
    -- Since then its values are being taken away, and it is there no more for anybody.
    deleted_at BIGINT,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX custom_attributes_by_key ON custom_attributes (tenant_id, key);
CREATE INDEX custom_attributes_by_change ON custom_attributes (tenant_id, updated_at, id);

CREATE TABLE contact_attributes (
    tenant_id BLOB NOT NULL,
    attribute_id BLOB NOT NULL,
    -- Folded; empty where the value is no text.
    word TEXT NOT NULL,
    -- 0 where the value has none.
    number BIGINT NOT NULL,
    contact_id BLOB NOT NULL,
    PRIMARY KEY (tenant_id, attribute_id, word, number, contact_id),
    FOREIGN KEY (tenant_id, attribute_id) REFERENCES custom_attributes (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_attributes_by_contact ON contact_attributes (tenant_id, contact_id, attribute_id);
