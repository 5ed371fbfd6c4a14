-- The form's questions as the ad platform tells them, and when it was last asked.
ALTER TABLE lead_forms ADD COLUMN platform_questions TEXT;
ALTER TABLE lead_forms ADD COLUMN questions_asked_at BIGINT;
