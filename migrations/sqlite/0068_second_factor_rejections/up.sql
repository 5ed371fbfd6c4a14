-- Links that were mailed when a second factor was put before an account, by which its holder takes it away again. The token is stored as a hash.
CREATE TABLE second_factor_rejections (
    id BLOB NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    email TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX second_factor_rejections_token ON second_factor_rejections (token_hash);
CREATE INDEX second_factor_rejections_by_user ON second_factor_rejections (user_id);
CREATE INDEX second_factor_rejections_by_expiry ON second_factor_rejections (expires_at);
