CREATE TABLE plans (
    code text NOT NULL,
    catalogue text NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    pricing text NOT NULL,
    currency text NOT NULL,
    price_monthly bigint,
    price_annual bigint,
    leads_per_month integer,
    quotas jsonb NOT NULL,
    features jsonb NOT NULL,
    overage_price bigint,
    price_bands jsonb NOT NULL,
    rollover_percent integer NOT NULL,
    trial_days integer NOT NULL,
    position integer NOT NULL,
    is_popular boolean NOT NULL,
    is_active boolean NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (code)
);

CREATE TABLE subscriptions (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    plan_code text NOT NULL REFERENCES plans (code),
    status text NOT NULL,
    overage_policy text NOT NULL,
    billing_interval text NOT NULL,
    anchor_day integer NOT NULL,
    trial_ends_at timestamptz,
    current_period_start timestamptz NOT NULL,
    current_period_end timestamptz NOT NULL,
    activated_at timestamptz,
    canceled_at timestamptz,
    ended_at timestamptz,
    cancel_at_period_end boolean NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX subscriptions_current ON subscriptions (tenant_id) WHERE ended_at IS NULL;
CREATE INDEX subscriptions_by_status ON subscriptions (status, current_period_end);
CREATE INDEX subscriptions_by_id ON subscriptions (id);

-- Counters of one meter in one period: a cache of the ledger, rebuilt from it at will.
CREATE TABLE usage_periods (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    meter text NOT NULL,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    base integer,
    rollover integer NOT NULL,
    credits integer NOT NULL,
    used integer NOT NULL,
    overage integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id)
);
CREATE UNIQUE INDEX usage_periods_start ON usage_periods (tenant_id, subscription_id, meter, period_start);

-- Append-only usage ledger.
CREATE TABLE usage_entries (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    period_id uuid NOT NULL,
    meter text NOT NULL,
    kind text NOT NULL,
    quantity integer NOT NULL,
    dedupe_key text NOT NULL,
    lead_id uuid,
    amount_due bigint NOT NULL,
    notional_amount bigint NOT NULL,
    currency text NOT NULL,
    reason text,
    occurred_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, period_id) REFERENCES usage_periods (tenant_id, id)
);
CREATE UNIQUE INDEX usage_entries_dedupe ON usage_entries (tenant_id, meter, dedupe_key, occurred_at);
CREATE INDEX usage_entries_by_period ON usage_entries (tenant_id, period_id, id);
CREATE INDEX usage_entries_by_lead ON usage_entries (tenant_id, lead_id);
