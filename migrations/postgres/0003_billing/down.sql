DROP TABLE usage_entries;
DROP TABLE usage_periods;
DROP TABLE subscriptions;
DROP TABLE plans;
