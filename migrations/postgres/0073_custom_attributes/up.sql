-- What a tenant keeps of people besides what every tenant does: the definitions, and the values by which people are found.
CREATE TABLE custom_attributes (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    key text NOT NULL,
    label text NOT NULL,
    kind text NOT NULL,
    options jsonb NOT NULL,
    description text,
    archived_at timestamptz,
    -- Since then its values are being taken away, and it is there no more for anybody.
    deleted_at timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX custom_attributes_by_key ON custom_attributes (tenant_id, key);
CREATE INDEX custom_attributes_by_change ON custom_attributes (tenant_id, updated_at, id);

CREATE TABLE contact_attributes (
    tenant_id uuid NOT NULL,
    attribute_id uuid NOT NULL,
    -- Folded; empty where the value is no text.
    word text COLLATE "C" NOT NULL,
    -- 0 where the value has none.
    number bigint NOT NULL,
    contact_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, attribute_id, word, number, contact_id),
    FOREIGN KEY (tenant_id, attribute_id) REFERENCES custom_attributes (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_attributes_by_contact ON contact_attributes (tenant_id, contact_id, attribute_id);
