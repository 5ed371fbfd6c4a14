DROP TABLE trial_signs;
DELETE FROM usage_entries WHERE period_id IS NULL;
ALTER TABLE usage_entries ALTER COLUMN period_id SET NOT NULL;
