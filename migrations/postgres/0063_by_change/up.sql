-- When a key was changed last. A process of a version before goes on making keys without it.
ALTER TABLE api_keys ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
UPDATE api_keys SET updated_at = created_at;
-- Lists in the order of change, for whoever keeps a copy.
CREATE INDEX leads_by_change ON leads (tenant_id, updated_at, id);
CREATE INDEX conversations_by_change ON conversations (tenant_id, updated_at, id);
CREATE INDEX messages_by_change ON messages (tenant_id, updated_at, id);
CREATE INDEX ad_campaigns_by_change ON ad_campaigns (tenant_id, updated_at, id);
CREATE INDEX webhook_endpoints_by_change ON webhook_endpoints (tenant_id, updated_at, id);
CREATE INDEX api_keys_by_change ON api_keys (tenant_id, updated_at, id);
CREATE INDEX memberships_by_change ON memberships (tenant_id, updated_at, user_id);
