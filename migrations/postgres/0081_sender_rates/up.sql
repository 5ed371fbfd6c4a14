-- When a sender may take the next message of many; one row for each sender, shared by all processes.
CREATE TABLE sender_rates (
    channel text NOT NULL,
    address text NOT NULL,
    next_at timestamptz NOT NULL,
    PRIMARY KEY (channel, address)
);
