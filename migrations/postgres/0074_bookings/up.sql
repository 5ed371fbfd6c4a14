-- What people buy, and what follows from it for each of them.
CREATE TABLE bookings (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    contact_id uuid NOT NULL,
    title text NOT NULL,
    category text,
    -- Folded, for whoever seeks by it.
    category_word text COLLATE "C",
    status text NOT NULL,
    -- Minor units.
    value_amount bigint,
    value_currency text,
    city text,
    -- Folded, for the filter.
    city_word text COLLATE "C",
    starts_at timestamptz,
    confirmed_at timestamptz,
    completed_at timestamptz,
    cancelled_at timestamptz,
    refunded_at timestamptz,
    -- Completed, else begun, else entered.
    latest_at timestamptz NOT NULL,
    external_id text,
    source jsonb NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id)
);
CREATE INDEX bookings_by_contact ON bookings (tenant_id, contact_id, latest_at, id);
CREATE INDEX bookings_by_category ON bookings (tenant_id, category_word, latest_at, contact_id);
CREATE INDEX bookings_by_change ON bookings (tenant_id, updated_at, id);
CREATE UNIQUE INDEX bookings_by_external_id ON bookings (tenant_id, external_id);

-- What each has paid for, by currency.
CREATE TABLE contact_spend (
    tenant_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    currency text NOT NULL,
    -- Minor units.
    amount bigint NOT NULL,
    PRIMARY KEY (tenant_id, contact_id, currency),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_spend_by_amount ON contact_spend (tenant_id, currency, amount, contact_id);

ALTER TABLE contacts ADD COLUMN bookings_count integer NOT NULL DEFAULT 0;
-- Folded; as it was spelled it stands in the document.
ALTER TABLE contacts ADD COLUMN last_category text;
ALTER TABLE contacts ADD COLUMN last_booking_at timestamptz;
