ALTER TABLE tenants DROP COLUMN erased_at;
ALTER TABLE tenants DROP COLUMN closes_at;
