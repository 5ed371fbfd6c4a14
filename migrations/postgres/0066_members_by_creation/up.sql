CREATE INDEX memberships_by_creation ON memberships (tenant_id, created_at, user_id);
