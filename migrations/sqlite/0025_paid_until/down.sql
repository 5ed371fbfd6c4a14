DROP TABLE plan_versions;
DROP INDEX subscriptions_by_paid_until;
ALTER TABLE usage_periods DROP COLUMN plan_version;
ALTER TABLE subscriptions DROP COLUMN pending_at;
ALTER TABLE subscriptions DROP COLUMN pending_plan_version;
ALTER TABLE subscriptions DROP COLUMN plan_version;
ALTER TABLE subscriptions DROP COLUMN paid_until;
