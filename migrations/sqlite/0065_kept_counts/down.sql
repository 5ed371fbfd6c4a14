DROP TABLE kept_count_deltas;
DROP TABLE kept_counts;
-- How many leads of each kind a tenant has. Writers append what they change to the deltas, so that none of them waits for another, and a
-- job adds the deltas up; the number is what both say together.
CREATE TABLE lead_counts (
    tenant_id BLOB NOT NULL,
    status TEXT NOT NULL,
    source TEXT NOT NULL,
    validity TEXT NOT NULL,
    score_from INTEGER NOT NULL,
    is_locked BOOLEAN NOT NULL,
    total BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, status, source, validity, score_from, is_locked)
);
CREATE TABLE lead_count_deltas (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    status TEXT NOT NULL,
    source TEXT NOT NULL,
    validity TEXT NOT NULL,
    score_from INTEGER NOT NULL,
    is_locked BOOLEAN NOT NULL,
    change BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
INSERT INTO lead_counts (tenant_id, status, source, validity, score_from, is_locked, total)
SELECT tenant_id, status, source, validity,
    CASE WHEN score >= 80 THEN 80 WHEN score >= 60 THEN 60 WHEN score >= 40 THEN 40 WHEN score >= 20 THEN 20 ELSE 0 END,
    is_locked, count(*)
FROM leads
GROUP BY 1, 2, 3, 4, 5, 6;
