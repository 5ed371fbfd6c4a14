-- What was deleted, for whoever keeps a copy: told for a time, and nothing of what it was.
CREATE TABLE tombstones (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    noun TEXT NOT NULL,
    subject_id BLOB NOT NULL,
    deleted_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX tombstones_by_time ON tombstones (tenant_id, deleted_at, id);
CREATE INDEX tombstones_to_forget ON tombstones (deleted_at);
