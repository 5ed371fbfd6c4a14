-- What people said about being written to: who agreed and who took it back, in which words and by what proof. Of a row nothing
-- changes but whose it is, and since when another stands in its place.
CREATE TABLE consents (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    -- Whom the tenant knew by the address.
    contact_id uuid,
    channel text NOT NULL,
    address text NOT NULL,
    class text NOT NULL,
    state text NOT NULL,
    source text NOT NULL,
    wording text,
    wording_version text,
    proof jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    recorded_by_id uuid,
    -- Null: it stands.
    superseded_at timestamptz,
    -- The lead it came with, while that one is under lock.
    concealed_lead_id uuid,
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
    (lpad(to_hex((extract(epoch FROM o.recorded_at) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 3) || '8'
        || substr(md5(random()::text), 1, 15))::uuid,
    c.id, o.channel, o.address, 'service', 'granted', 'lead', o.how, '{}', o.given_at, o.recorded_at, o.recorded_by, o.recorded_by_id
FROM opt_ins o
LEFT JOIN contact_identities i ON i.tenant_id = o.tenant_id AND i.value = o.address
    AND i.kind = CASE WHEN o.channel = 'email' THEN 'email' ELSE 'phone' END
LEFT JOIN contacts c ON c.tenant_id = i.tenant_id AND c.id = i.contact_id;

-- Processes of the version before write what was said with a lead where it stood; the table and this go with the next release.
CREATE FUNCTION consent_of_opt_in() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    refused boolean;
BEGIN
    SELECT EXISTS (SELECT 1 FROM consents WHERE tenant_id = NEW.tenant_id AND channel = NEW.channel AND address = NEW.address
        AND class = 'service' AND state = 'withdrawn' AND superseded_at IS NULL AND concealed_lead_id IS NULL) INTO refused;
    IF NOT refused THEN
        UPDATE consents SET superseded_at = NEW.recorded_at WHERE tenant_id = NEW.tenant_id AND channel = NEW.channel
            AND address = NEW.address AND class = 'service' AND superseded_at IS NULL AND concealed_lead_id IS NULL;
    END IF;
    INSERT INTO consents (tenant_id, id, channel, address, class, state, source, wording, proof, occurred_at, recorded_at,
        recorded_by, recorded_by_id, superseded_at)
    VALUES (NEW.tenant_id,
        (lpad(to_hex((extract(epoch FROM NEW.recorded_at) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 3)
            || '8' || substr(md5(random()::text), 1, 15))::uuid,
        NEW.channel, NEW.address, 'service', 'granted', 'lead', NEW.how, '{}', NEW.given_at, NEW.recorded_at,
        NEW.recorded_by, NEW.recorded_by_id, CASE WHEN refused THEN NEW.recorded_at END);
    RETURN NEW;
END
$$;
CREATE TRIGGER consent_of_opt_in AFTER INSERT ON opt_ins FOR EACH ROW EXECUTE FUNCTION consent_of_opt_in();
