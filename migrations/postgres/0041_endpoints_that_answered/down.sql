ALTER TABLE webhook_endpoints DROP COLUMN verified_at;
