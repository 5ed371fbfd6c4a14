DROP TABLE lead_notes;
DROP TABLE lead_scores;
DROP TABLE lead_identities;
DROP TABLE leads;
