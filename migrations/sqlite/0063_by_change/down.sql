DROP INDEX memberships_by_change;
DROP INDEX api_keys_by_change;
DROP INDEX webhook_endpoints_by_change;
DROP INDEX ad_campaigns_by_change;
DROP INDEX messages_by_change;
DROP INDEX conversations_by_change;
DROP INDEX leads_by_change;
ALTER TABLE api_keys DROP COLUMN updated_at;
