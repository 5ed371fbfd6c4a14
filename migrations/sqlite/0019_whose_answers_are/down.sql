DROP INDEX suppressions_by_tenant;
DROP INDEX suppressions_live;
-- One row for each person and sender again: the oldest.
DELETE FROM suppressions WHERE lifted_at IS NULL AND EXISTS (
    SELECT 1 FROM suppressions o WHERE o.lifted_at IS NULL AND o.channel = suppressions.channel AND o.address = suppressions.address
    AND o.sender_address = suppressions.sender_address AND o.id < suppressions.id
);
CREATE UNIQUE INDEX suppressions_live ON suppressions (channel, address, sender_address) WHERE lifted_at IS NULL;
ALTER TABLE suppressions DROP COLUMN lifted_because;
ALTER TABLE suppressions DROP COLUMN expires_at;
ALTER TABLE suppressions DROP COLUMN for_tenant_id;
DROP INDEX lead_identities_by_value;
ALTER TABLE sender_threads DROP COLUMN last_inbound_at;
