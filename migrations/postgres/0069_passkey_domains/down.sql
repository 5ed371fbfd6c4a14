ALTER TABLE passkeys DROP COLUMN domain;
