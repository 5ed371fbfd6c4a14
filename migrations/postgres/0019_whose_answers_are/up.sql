-- When the person wrote last in a thread: an answer belongs to the conversation it continues, not to who wrote last.
ALTER TABLE sender_threads ADD COLUMN last_inbound_at timestamptz;
UPDATE sender_threads SET last_inbound_at = (
    SELECT c.last_inbound_at FROM conversations c WHERE c.tenant_id = sender_threads.tenant_id AND c.id = sender_threads.conversation_id
);

-- Who writes first is found among all tenants' leads.
CREATE INDEX lead_identities_by_value ON lead_identities (kind, value);

-- A refusal may be meant for one tenant behind a shared sender; the nil id: for all. A bounce is not for ever, and may be lifted.
ALTER TABLE suppressions ADD COLUMN for_tenant_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
ALTER TABLE suppressions ADD COLUMN expires_at timestamptz;
ALTER TABLE suppressions ADD COLUMN lifted_because text;
UPDATE suppressions SET for_tenant_id = tenant_id WHERE tenant_id IS NOT NULL AND reason IN ('bounced', 'complained');
UPDATE suppressions SET expires_at = created_at + interval '180 days' WHERE reason = 'bounced';
DROP INDEX suppressions_live;
CREATE UNIQUE INDEX suppressions_live ON suppressions (channel, address, sender_address, for_tenant_id) WHERE lifted_at IS NULL;
CREATE INDEX suppressions_by_tenant ON suppressions (tenant_id, created_at, id);
