-- Links that were mailed to set a new password: to an address, whoever has it when they are opened.
CREATE TABLE password_resets (
    id BLOB NOT NULL,
    email TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX password_resets_token ON password_resets (token_hash);
CREATE INDEX password_resets_by_email ON password_resets (email);
CREATE INDEX password_resets_by_expiry ON password_resets (expires_at);

-- Users who want another address, the link that shows it is theirs, and the one by which the former address takes it back.
CREATE TABLE email_changes (
    id BLOB NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    former TEXT NOT NULL,
    wanted TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    undo_hash TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    changed_at BIGINT,
    undo_until BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX email_changes_token ON email_changes (token_hash);
CREATE UNIQUE INDEX email_changes_undo ON email_changes (undo_hash);
CREATE INDEX email_changes_by_user ON email_changes (user_id);

-- Where a session was begun, and the sessions of one user, newest first.
ALTER TABLE sessions ADD COLUMN address TEXT;
CREATE INDEX sessions_of_user_by_creation ON sessions (user_id, created_at, id);
DROP INDEX sessions_by_user;

-- How a person wants to be met, and reached.
ALTER TABLE users ADD COLUMN language TEXT;
ALTER TABLE users ADD COLUMN time_zone TEXT;
ALTER TABLE users ADD COLUMN phone TEXT;
ALTER TABLE users ADD COLUMN avatar_url TEXT;
