-- Links that were mailed when a second factor was put before an account, by which its holder takes it away again. The token is stored as a hash.
CREATE TABLE second_factor_rejections (
    id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id),
    email text NOT NULL,
    token_hash text NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX second_factor_rejections_token ON second_factor_rejections (token_hash);
CREATE INDEX second_factor_rejections_by_user ON second_factor_rejections (user_id);
CREATE INDEX second_factor_rejections_by_expiry ON second_factor_rejections (expires_at);
