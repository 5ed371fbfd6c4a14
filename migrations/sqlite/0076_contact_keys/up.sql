-- What rules compare, folded; filled in by the catch-up for those that are there.
ALTER TABLE contacts ADD COLUMN name_key TEXT;
ALTER TABLE contacts ADD COLUMN company_key TEXT;
ALTER TABLE contacts ADD COLUMN state_key TEXT;
ALTER TABLE contacts ADD COLUMN country_key TEXT;
ALTER TABLE contacts ADD COLUMN language_key TEXT;
-- 517 is 17 May.
ALTER TABLE contacts ADD COLUMN birthday INTEGER;
CREATE INDEX contacts_by_city ON contacts (tenant_id, city, id) WHERE city IS NOT NULL;
CREATE INDEX contacts_by_source ON contacts (tenant_id, source, id);
CREATE INDEX contacts_by_owner ON contacts (tenant_id, owner_id, id) WHERE owner_id IS NOT NULL;
CREATE INDEX contacts_by_verification ON contacts (tenant_id, verification_status, id);
