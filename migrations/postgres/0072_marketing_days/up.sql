-- How many marketing messages a person was sent on a day of UTC, whatever the channel: what a tenant's cap is counted by.
CREATE TABLE marketing_days (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    contact_id uuid NOT NULL,
    day timestamptz NOT NULL,
    count integer NOT NULL,
    PRIMARY KEY (tenant_id, contact_id, day),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX marketing_days_by_day ON marketing_days (day);
