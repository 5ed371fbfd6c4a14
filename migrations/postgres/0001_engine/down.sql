DROP TABLE idempotency_keys;
DROP TABLE jobs;
DROP TABLE events;
