-- Whether somebody showed that a mailbox is theirs, and whether a tenant has such an owner.
ALTER TABLE users ADD COLUMN email_verified_at BIGINT;
-- Tokens given out before are not handed out again.
ALTER TABLE users ADD COLUMN password_changed_at BIGINT;
ALTER TABLE tenants ADD COLUMN verified_at BIGINT;
-- Who was there before anybody was asked is trusted as before.
UPDATE users SET email_verified_at = created_at;
UPDATE tenants SET verified_at = created_at;

-- Links that were mailed to show it.
CREATE TABLE email_verifications (
    id BLOB NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    token_hash TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX email_verifications_token ON email_verifications (token_hash);
CREATE INDEX email_verifications_by_user ON email_verifications (user_id, created_at);
CREATE INDEX email_verifications_by_expiry ON email_verifications (expires_at);

-- The token in the API's answer is another than the one in the mail, since only the mail shows whose mailbox it is.
-- Tokens from before stand in both and count as mailed.
ALTER TABLE invitations ADD COLUMN shown_token_hash TEXT;
ALTER TABLE invitations ADD COLUMN by_operator BOOLEAN NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX invitations_shown_token ON invitations (shown_token_hash);
