-- A job passes three states, and an index of all states was written at each of them. What is claimable, waits or runs
-- has its own small index already; this is the one of what was given up.
DROP INDEX jobs_by_state;
CREATE INDEX jobs_given_up ON jobs (state, id) WHERE state IN ('dead', 'discarded');
