-- What a user's devices log in with. The credential's id and its public key (COSE) are base64 for URLs; no two accounts have one credential.
CREATE TABLE passkeys (
    id BLOB NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    credential_id TEXT NOT NULL,
    public_key TEXT NOT NULL,
    sign_count BIGINT NOT NULL,
    transports TEXT NOT NULL,
    can_be_backed_up BOOLEAN NOT NULL,
    is_backed_up BOOLEAN NOT NULL,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX passkeys_credential ON passkeys (credential_id);
CREATE INDEX passkeys_by_user ON passkeys (user_id, id);

-- Challenges that were answered rightly, until they are over: none is answered twice.
CREATE TABLE passkey_challenges_used (
    challenge_hash TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (challenge_hash)
);
CREATE INDEX passkey_challenges_used_by_expiry ON passkey_challenges_used (expires_at);
