-- The device that tells a user's codes. The secret is sealed under the master key; a code of a step that was used is not taken again.
CREATE TABLE second_factors (
    user_id uuid NOT NULL REFERENCES users (id),
    secret text NOT NULL,
    enabled_at timestamptz,
    last_step bigint NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id)
);

-- For whoever lost the device. A used one is gone.
CREATE TABLE recovery_codes (
    user_id uuid NOT NULL REFERENCES users (id),
    code_hash text NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

-- Who knew the password and has yet to give the code.
CREATE TABLE log_in_challenges (
    id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id),
    tenant_id uuid,
    token_hash text NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX log_in_challenges_token ON log_in_challenges (token_hash);
CREATE INDEX log_in_challenges_by_expiry ON log_in_challenges (expires_at);
