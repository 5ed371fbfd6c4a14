DROP INDEX jobs_given_up;
CREATE INDEX jobs_by_state ON jobs (state, id);
