-- When a sender may take the next message of many; one row for each sender, shared by all processes.
CREATE TABLE sender_rates (
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    next_at BIGINT NOT NULL,
    PRIMARY KEY (channel, address)
);
