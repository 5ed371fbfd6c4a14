-- What was deleted, for whoever keeps a copy: told for a time, and nothing of what it was.
CREATE TABLE tombstones (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    noun text NOT NULL,
    subject_id uuid NOT NULL,
    deleted_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX tombstones_by_time ON tombstones (tenant_id, deleted_at, id);
CREATE INDEX tombstones_to_forget ON tombstones (deleted_at);
