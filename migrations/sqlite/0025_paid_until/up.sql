-- Until when a subscription is paid, which version of a plan it has, and since when another plan may take its place.
ALTER TABLE subscriptions ADD COLUMN paid_until BIGINT;
ALTER TABLE subscriptions ADD COLUMN plan_version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE subscriptions ADD COLUMN pending_plan_version INTEGER;
ALTER TABLE subscriptions ADD COLUMN pending_at BIGINT;
ALTER TABLE usage_periods ADD COLUMN plan_version INTEGER;
UPDATE subscriptions SET plan_version = (SELECT version FROM plans WHERE code = plan_code);
UPDATE subscriptions SET pending_plan_version = (SELECT version FROM plans WHERE code = pending_plan_code)
WHERE pending_plan_code IS NOT NULL;
UPDATE subscriptions SET pending_at = current_period_end WHERE pending_from = 'renewal';
-- What nobody wrote down until now: a month is paid to its end, a year from its activation on.
UPDATE subscriptions SET paid_until = current_period_end WHERE status IN ('active', 'past_due', 'paused');
UPDATE subscriptions SET paid_until = max(current_period_end, activated_at + 31536000000000)
WHERE paid_until IS NOT NULL AND billing_interval = 'annual' AND activated_at IS NOT NULL;
CREATE INDEX subscriptions_by_paid_until ON subscriptions (status, paid_until);
-- Every version of a plan that somebody may still have; written at the start from the price list.
CREATE TABLE plan_versions (
    code TEXT NOT NULL,
    version INTEGER NOT NULL,
    terms TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (code, version)
);
