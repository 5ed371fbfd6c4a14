DROP INDEX refresh_tokens_by_expiry;
DROP INDEX sessions_by_expiry;
DROP INDEX ad_campaigns_to_start;
DROP INDEX ad_campaigns_to_end;
DROP INDEX leads_by_received_at;
ALTER TABLE usage_periods DROP COLUMN plan_code;
ALTER TABLE subscriptions DROP COLUMN pending_from;
ALTER TABLE subscriptions DROP COLUMN pending_plan_code;
