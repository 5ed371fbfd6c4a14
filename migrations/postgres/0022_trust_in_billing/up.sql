-- A lead that is held back before there is any plan belongs to no period.
ALTER TABLE usage_entries ALTER COLUMN period_id DROP NOT NULL;
-- What a person is billed by belongs to the platform: windows that tenants chose go back to the default.
UPDATE tenants SET settings = settings - 'billing_dedupe_days' WHERE settings ? 'billing_dedupe_days';
-- By whom trials were taken, as keyed digests: they outlive their tenant and name nobody.
CREATE TABLE trial_signs (
    kind text NOT NULL,
    digest text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (kind, digest)
);
