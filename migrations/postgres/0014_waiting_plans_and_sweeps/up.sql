-- A plan that was chosen and is not in force yet, and what it waits for: `activation` or `renewal`.
ALTER TABLE subscriptions ADD COLUMN pending_plan_code text;
ALTER TABLE subscriptions ADD COLUMN pending_from text;
-- The plan a period was opened or enlarged under: a lead that comes late is metered by it.
ALTER TABLE usage_periods ADD COLUMN plan_code text;
-- What sweeps over all tenants and the operators' first screen look for.
CREATE INDEX leads_by_received_at ON leads (received_at);
CREATE INDEX ad_campaigns_to_end ON ad_campaigns (end_at) WHERE end_at IS NOT NULL;
CREATE INDEX ad_campaigns_to_start ON ad_campaigns (start_at) WHERE status = 'active' AND desired_delivery = 'paused';
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);
