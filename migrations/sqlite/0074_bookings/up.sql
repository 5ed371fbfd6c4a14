-- What people buy, and what follows from it for each of them.
CREATE TABLE bookings (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    title TEXT NOT NULL,
    category TEXT,
    -- Folded, for whoever seeks by it.
    category_word TEXT,
    status TEXT NOT NULL,
    -- Minor units.
    value_amount BIGINT,
    value_currency TEXT,
    city TEXT,
    -- Folded, for the filter.
    city_word TEXT,
    starts_at BIGINT,
    confirmed_at BIGINT,
    completed_at BIGINT,
    cancelled_at BIGINT,
    refunded_at BIGINT,
    -- Completed, else begun, else entered.
    latest_at BIGINT NOT NULL,
    external_id TEXT,
    source TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id)
);
CREATE INDEX bookings_by_contact ON bookings (tenant_id, contact_id, latest_at, id);
CREATE INDEX bookings_by_category ON bookings (tenant_id, category_word, latest_at, contact_id);
CREATE INDEX bookings_by_change ON bookings (tenant_id, updated_at, id);
CREATE UNIQUE INDEX bookings_by_external_id ON bookings (tenant_id, external_id);

-- What each has paid for, by currency.
CREATE TABLE contact_spend (
    tenant_id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    currency TEXT NOT NULL,
    -- Minor units.
    amount BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, contact_id, currency),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_spend_by_amount ON contact_spend (tenant_id, currency, amount, contact_id);

ALTER TABLE contacts ADD COLUMN bookings_count INTEGER NOT NULL DEFAULT 0;
-- Folded; as it was spelled it stands in the document.
ALTER TABLE contacts ADD COLUMN last_category TEXT;
ALTER TABLE contacts ADD COLUMN last_booking_at BIGINT;
