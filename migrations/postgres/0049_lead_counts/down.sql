DROP TABLE lead_count_deltas;
DROP TABLE lead_counts;
