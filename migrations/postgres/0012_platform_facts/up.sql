-- What the platform knows of its own deployment; today a text sealed with the master key, which tells a wrong key.
CREATE TABLE platform_facts (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    written_at timestamptz NOT NULL,
    PRIMARY KEY (name)
);
