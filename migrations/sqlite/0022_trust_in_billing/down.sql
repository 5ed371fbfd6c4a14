DROP TABLE trial_signs;
CREATE TABLE usage_entries_new (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    period_id BLOB NOT NULL,
    meter TEXT NOT NULL,
    kind TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    dedupe_key TEXT NOT NULL,
    lead_id BLOB,
    amount_due BIGINT NOT NULL,
    notional_amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    reason TEXT,
    occurred_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, period_id) REFERENCES usage_periods (tenant_id, id)
);
INSERT INTO usage_entries_new SELECT tenant_id, id, period_id, meter, kind, quantity, dedupe_key, lead_id, amount_due,
    notional_amount, currency, reason, occurred_at, created_at FROM usage_entries WHERE period_id IS NOT NULL;
DROP TABLE usage_entries;
ALTER TABLE usage_entries_new RENAME TO usage_entries;
CREATE UNIQUE INDEX usage_entries_dedupe ON usage_entries (tenant_id, meter, dedupe_key, occurred_at);
CREATE INDEX usage_entries_by_period ON usage_entries (tenant_id, period_id, id);
CREATE INDEX usage_entries_by_lead ON usage_entries (tenant_id, lead_id);
