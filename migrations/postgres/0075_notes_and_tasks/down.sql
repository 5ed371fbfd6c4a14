DROP TABLE tasks;
DROP TABLE contact_notes;
