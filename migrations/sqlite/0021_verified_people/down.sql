DROP INDEX invitations_shown_token;
ALTER TABLE invitations DROP COLUMN by_operator;
ALTER TABLE invitations DROP COLUMN shown_token_hash;
DROP TABLE email_verifications;
ALTER TABLE tenants DROP COLUMN verified_at;
ALTER TABLE users DROP COLUMN password_changed_at;
ALTER TABLE users DROP COLUMN email_verified_at;
