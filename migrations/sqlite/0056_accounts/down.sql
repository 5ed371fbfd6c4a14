ALTER TABLE users DROP COLUMN avatar_url;
ALTER TABLE users DROP COLUMN phone;
ALTER TABLE users DROP COLUMN time_zone;
ALTER TABLE users DROP COLUMN language;
CREATE INDEX sessions_by_user ON sessions (user_id);
DROP INDEX sessions_of_user_by_creation;
ALTER TABLE sessions DROP COLUMN address;
DROP TABLE email_changes;
DROP TABLE password_resets;
