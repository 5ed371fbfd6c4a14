-- People: one row each, whether or not they enquired; none of who has enquired under lock alone.
CREATE TABLE contacts (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    name text NOT NULL,
    email text,
    phone text,
    company text,
    -- Folded, for the filter.
    city text,
    source text NOT NULL,
    verification_status text NOT NULL,
    quality_score integer,
    owner_id uuid,
    profile jsonb NOT NULL,
    -- Since when there is a lead.
    converted_at timestamptz,
    search text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX contacts_by_change ON contacts (tenant_id, updated_at, id);

CREATE TABLE contact_tags (
    tenant_id uuid NOT NULL,
    tag text COLLATE "C" NOT NULL,
    contact_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, tag, contact_id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_tags_by_contact ON contact_tags (tenant_id, contact_id);

INSERT INTO contacts (tenant_id, id, name, email, phone, company, city, source, verification_status, profile,
    converted_at, search, version, created_at, updated_at)
SELECT tenant_id, person_id, name, email, phone, company, lower(profile #>> '{location,city}'), source,
    CASE WHEN validity = 'invalid' THEN 'invalid' ELSE 'verified' END,
    jsonb_build_object('location', profile -> 'location'), first_at, search, 1, first_at, updated_at
FROM (
    SELECT *, min(created_at) OVER (PARTITION BY tenant_id, person_id) AS first_at,
        row_number() OVER (PARTITION BY tenant_id, person_id ORDER BY id DESC) AS place
    FROM leads WHERE NOT is_locked
) AS newest
WHERE place = 1;

CREATE INDEX leads_by_person ON leads (tenant_id, person_id);

-- What a person is known by, and the newest lead of theirs that came by it.
ALTER TABLE lead_identities RENAME TO contact_identities;
ALTER TABLE contact_identities ALTER COLUMN lead_id DROP NOT NULL;
-- What came under lock alone is nobody's to find.
ALTER TABLE contact_identities ADD COLUMN contact_id uuid;
UPDATE contact_identities i SET contact_id = l.person_id FROM leads l
WHERE l.tenant_id = i.tenant_id AND l.id = i.lead_id AND NOT l.is_locked;
ALTER INDEX lead_identities_by_lead RENAME TO contact_identities_by_lead;
ALTER INDEX lead_identities_by_value RENAME TO contact_identities_by_value;

-- Processes of the version before know neither contacts nor the table's new name; both of these go with the next release.
CREATE VIEW lead_identities AS
SELECT tenant_id, kind, value, lead_id, created_at FROM contact_identities WHERE lead_id IS NOT NULL;

CREATE FUNCTION contact_of_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.contact_id IS NULL THEN
        SELECT person_id INTO NEW.contact_id FROM leads WHERE tenant_id = NEW.tenant_id AND id = NEW.lead_id AND NOT is_locked;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER contact_of_identity BEFORE INSERT ON contact_identities
FOR EACH ROW EXECUTE FUNCTION contact_of_identity();
