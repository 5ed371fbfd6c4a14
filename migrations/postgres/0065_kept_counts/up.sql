-- How many rows of each kind a tenant has, of leads, conversations and ad campaigns: by the values of their fields, in the order in which
-- the collection declares them. Writers append what they change to the deltas, so that none of them waits for another, and a job adds
-- the deltas up; the number is what both say together.
-- The counts of before stay for processes of the version before.
CREATE TABLE kept_counts (
    tenant_id uuid NOT NULL,
    noun text NOT NULL,
    k1 text NOT NULL,
    k2 text NOT NULL,
    k3 text NOT NULL,
    k4 text NOT NULL,
    k5 text NOT NULL,
    k6 text NOT NULL,
    k7 text NOT NULL,
    k8 text NOT NULL,
    total bigint NOT NULL,
    PRIMARY KEY (tenant_id, noun, k1, k2, k3, k4, k5, k6, k7, k8)
);
CREATE TABLE kept_count_deltas (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    noun text NOT NULL,
    k1 text NOT NULL,
    k2 text NOT NULL,
    k3 text NOT NULL,
    k4 text NOT NULL,
    k5 text NOT NULL,
    k6 text NOT NULL,
    k7 text NOT NULL,
    k8 text NOT NULL,
    change bigint NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
INSERT INTO kept_counts (tenant_id, noun, k1, k2, k3, k4, k5, k6, k7, k8, total)
SELECT tenant_id, 'lead', k1, k2, k3, k4, k5, k6, k7, k8, count(*) FROM (SELECT tenant_id,
    status AS k1,
    source AS k2,
    validity AS k3,
    CASE WHEN score >= 80 THEN 'hot' WHEN score >= 60 THEN 'warm' WHEN score >= 40 THEN 'qualified' WHEN score >= 20 THEN 'cold' ELSE 'unqualified' END AS k4,
    CASE WHEN is_locked THEN 'true' ELSE 'false' END AS k5,
    COALESCE(replace(CAST(assigned_to AS text), '-', ''), '') AS k6,
    COALESCE(replace(CAST(ad_campaign_id AS text), '-', ''), '') AS k7,
    '' AS k8
FROM leads) AS them
GROUP BY tenant_id, k1, k2, k3, k4, k5, k6, k7, k8;
INSERT INTO kept_counts (tenant_id, noun, k1, k2, k3, k4, k5, k6, k7, k8, total)
SELECT tenant_id, 'conversation', k1, k2, k3, k4, k5, k6, k7, k8, count(*) FROM (SELECT tenant_id,
    status AS k1,
    channel AS k2,
    CASE WHEN unread_count > 0 THEN 'true' ELSE 'false' END AS k3,
    CASE WHEN archived_at IS NOT NULL THEN 'true' ELSE 'false' END AS k4,
    '' AS k5,
    '' AS k6,
    '' AS k7,
    '' AS k8
FROM conversations) AS them
GROUP BY tenant_id, k1, k2, k3, k4, k5, k6, k7, k8;
INSERT INTO kept_counts (tenant_id, noun, k1, k2, k3, k4, k5, k6, k7, k8, total)
SELECT tenant_id, 'ad_campaign', k1, k2, k3, k4, k5, k6, k7, k8, count(*) FROM (SELECT tenant_id,
    status AS k1,
    platform AS k2,
    '' AS k3,
    '' AS k4,
    '' AS k5,
    '' AS k6,
    '' AS k7,
    '' AS k8
FROM ad_campaigns) AS them
GROUP BY tenant_id, k1, k2, k3, k4, k5, k6, k7, k8;
