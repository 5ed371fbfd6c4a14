CREATE TABLE plans (
    code TEXT NOT NULL,
    catalogue TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    pricing TEXT NOT NULL,
    currency TEXT NOT NULL,
    price_monthly BIGINT,
    price_annual BIGINT,
    leads_per_month INTEGER,
    quotas TEXT NOT NULL,
    features TEXT NOT NULL,
    overage_price BIGINT,
    price_bands TEXT NOT NULL,
    rollover_percent INTEGER NOT NULL,
    trial_days INTEGER NOT NULL,
    position INTEGER NOT NULL,
    is_popular BOOLEAN NOT NULL,
    is_active BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (code)
);

CREATE TABLE subscriptions (
    tenant_id BLOB NOT NULL REFERENCES tenants (id),
    id BLOB NOT NULL,
    plan_code TEXT NOT NULL REFERENCES plans (code),
    status TEXT NOT NULL,
    overage_policy TEXT NOT NULL,
    billing_interval TEXT NOT NULL,
    anchor_day INTEGER NOT NULL,
    trial_ends_at BIGINT,
    current_period_start BIGINT NOT NULL,
    current_period_end BIGINT NOT NULL,
    activated_at BIGINT,
    canceled_at BIGINT,
    ended_at BIGINT,
    cancel_at_period_end BOOLEAN NOT NULL,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX subscriptions_current ON subscriptions (tenant_id) WHERE ended_at IS NULL;
CREATE INDEX subscriptions_by_status ON subscriptions (status, current_period_end);
CREATE INDEX subscriptions_by_id ON subscriptions (id);

-- Counters of one meter in one period: a cache of the ledger, rebuilt from it at will.
CREATE TABLE usage_periods (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    subscription_id BLOB NOT NULL,
    meter TEXT NOT NULL,
    period_start BIGINT NOT NULL,
    period_end BIGINT NOT NULL,
    base INTEGER,
    rollover INTEGER NOT NULL,
    credits INTEGER NOT NULL,
    used INTEGER NOT NULL,
    overage INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id)
);
CREATE UNIQUE INDEX usage_periods_start ON usage_periods (tenant_id, subscription_id, meter, period_start);

-- Append-only usage ledger.
CREATE TABLE usage_entries (
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
CREATE UNIQUE INDEX usage_entries_dedupe ON usage_entries (tenant_id, meter, dedupe_key, occurred_at);
CREATE INDEX usage_entries_by_period ON usage_entries (tenant_id, period_id, id);
CREATE INDEX usage_entries_by_lead ON usage_entries (tenant_id, lead_id);
