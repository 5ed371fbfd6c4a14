-- Whose trial a sign is of, so that a trial that goes on is told from another's. Of earlier ones it is found out after the update.
ALTER TABLE trial_signs ADD COLUMN taken_by BLOB;
