-- Links that were mailed to set a new password: to an address, whoever has it when they are opened.
CREATE TABLE password_resets (
    id uuid NOT NULL,
    email text NOT NULL,
    token_hash text NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX password_resets_token ON password_resets (token_hash);
CREATE INDEX password_resets_by_email ON password_resets (email);
CREATE INDEX password_resets_by_expiry ON password_resets (expires_at);

-- Users who want another address, the link that shows it is theirs, and the one by which the former address takes it back.
CREATE TABLE email_changes (
    id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id),
    former text NOT NULL,
    wanted text NOT NULL,
    token_hash text NOT NULL,
    undo_hash text NOT NULL,
    expires_at timestamptz NOT NULL,
    changed_at timestamptz,
    undo_until timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX email_changes_token ON email_changes (token_hash);
CREATE UNIQUE INDEX email_changes_undo ON email_changes (undo_hash);
CREATE INDEX email_changes_by_user ON email_changes (user_id);

-- Where a session was begun, and the sessions of one user, newest first.
ALTER TABLE sessions ADD COLUMN address text;
CREATE INDEX sessions_of_user_by_creation ON sessions (user_id, created_at, id);
DROP INDEX sessions_by_user;

-- How a person wants to be met, and reached.
ALTER TABLE users ADD COLUMN language text;
ALTER TABLE users ADD COLUMN time_zone text;
ALTER TABLE users ADD COLUMN phone text;
ALTER TABLE users ADD COLUMN avatar_url text;
