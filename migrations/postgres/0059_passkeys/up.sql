-- What a user's devices log in with. The credential's id and its public key (COSE) are base64 for URLs; no two accounts have one credential.
CREATE TABLE passkeys (
    id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id),
    name text NOT NULL,
    credential_id text NOT NULL,
    public_key text NOT NULL,
    sign_count bigint NOT NULL,
    transports text NOT NULL,
    can_be_backed_up boolean NOT NULL,
    is_backed_up boolean NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX passkeys_credential ON passkeys (credential_id);
CREATE INDEX passkeys_by_user ON passkeys (user_id, id);

-- Challenges that were answered rightly, until they are over: none is answered twice.
CREATE TABLE passkey_challenges_used (
    challenge_hash text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (challenge_hash)
);
CREATE INDEX passkey_challenges_used_by_expiry ON passkey_challenges_used (expires_at);
