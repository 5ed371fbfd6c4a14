ALTER TABLE trial_signs DROP COLUMN taken_by;
