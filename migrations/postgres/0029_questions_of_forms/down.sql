ALTER TABLE lead_forms DROP COLUMN questions_asked_at;
ALTER TABLE lead_forms DROP COLUMN platform_questions;
