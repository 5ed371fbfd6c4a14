-- People: one row each, whether or not they enquired; none of who has enquired under lock alone.
CREATE TABLE contacts (
    tenant_id BLOB NOT NULL REFERENCES tenants (id),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    phone TEXT,
    company TEXT,
    -- Folded, for the filter.
    city TEXT,
    source TEXT NOT NULL,
    verification_status TEXT NOT NULL,
    quality_score INTEGER,
    owner_id BLOB,
    profile TEXT NOT NULL,
    -- Since when there is a lead.
    converted_at BIGINT,
    search TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX contacts_by_change ON contacts (tenant_id, updated_at, id);

CREATE TABLE contact_tags (
    tenant_id BLOB NOT NULL,
    tag TEXT NOT NULL,
    contact_id BLOB NOT NULL,
    PRIMARY KEY (tenant_id, tag, contact_id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_tags_by_contact ON contact_tags (tenant_id, contact_id);

INSERT INTO contacts (tenant_id, id, name, email, phone, company, city, source, verification_status, profile,
    converted_at, search, version, created_at, updated_at)
SELECT tenant_id, person_id, name, email, phone, company, lower(json_extract(profile, '$.location.city')), source,
    CASE WHEN validity = 'invalid' THEN 'invalid' ELSE 'verified' END,
    json_object('location', json_extract(profile, '$.location')), first_at, search, 1, first_at, updated_at
FROM (
    SELECT *, min(created_at) OVER (PARTITION BY tenant_id, person_id) AS first_at,
        row_number() OVER (PARTITION BY tenant_id, person_id ORDER BY id DESC) AS place
    FROM leads WHERE NOT is_locked
) AS newest
WHERE place = 1;

CREATE INDEX leads_by_person ON leads (tenant_id, person_id);

-- What a person is known by, and the newest lead of theirs that came by it.
CREATE TABLE contact_identities (
    tenant_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    lead_id BLOB,
    created_at BIGINT NOT NULL,
    -- What came under lock alone is nobody's to find.
    contact_id BLOB,
    PRIMARY KEY (tenant_id, kind, value),
    FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, id) ON DELETE CASCADE
);
INSERT INTO contact_identities (tenant_id, kind, value, lead_id, created_at, contact_id)
SELECT i.tenant_id, i.kind, i.value, i.lead_id, i.created_at, CASE WHEN NOT l.is_locked THEN l.person_id END
FROM lead_identities i JOIN leads l ON l.tenant_id = i.tenant_id AND l.id = i.lead_id;
DROP TABLE lead_identities;
CREATE INDEX contact_identities_by_lead ON contact_identities (tenant_id, lead_id);
CREATE INDEX contact_identities_by_value ON contact_identities (kind, value);
