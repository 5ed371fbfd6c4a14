-- Since when an endpoint's address has shown that it wants what it is sent, by an answer. Those that work are believed.
ALTER TABLE webhook_endpoints ADD COLUMN verified_at BIGINT;
UPDATE webhook_endpoints SET verified_at = created_at WHERE failing_since IS NULL;
