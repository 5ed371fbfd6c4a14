-- Whether somebody showed that a mailbox is theirs, and whether a tenant has such an owner.
ALTER TABLE users ADD COLUMN email_verified_at timestamptz;
-- Tokens given out before are not handed out again.
ALTER TABLE users ADD COLUMN password_changed_at timestamptz;
ALTER TABLE tenants ADD COLUMN verified_at timestamptz;
-- Who was there before anybody was asked is trusted as before.
UPDATE users SET email_verified_at = created_at;
UPDATE tenants SET verified_at = created_at;

-- Links that were mailed to show it.
CREATE TABLE email_verifications (
    id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id),
    token_hash text NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX email_verifications_token ON email_verifications (token_hash);
CREATE INDEX email_verifications_by_user ON email_verifications (user_id, created_at);
CREATE INDEX email_verifications_by_expiry ON email_verifications (expires_at);

-- The token in the API's answer is another than the one in the mail, since only the mail shows whose mailbox it is.
-- Tokens from before stand in both and count as mailed.
ALTER TABLE invitations ADD COLUMN shown_token_hash text;
ALTER TABLE invitations ADD COLUMN by_operator boolean NOT NULL DEFAULT false;
CREATE UNIQUE INDEX invitations_shown_token ON invitations (shown_token_hash);
