-- When a tenant that its owner closes is erased, and when it was.
ALTER TABLE tenants ADD COLUMN closes_at timestamptz;
ALTER TABLE tenants ADD COLUMN erased_at timestamptz;
