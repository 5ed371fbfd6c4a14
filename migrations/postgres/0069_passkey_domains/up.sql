-- The domain that a passkey is bound to; of those that were added before this column nobody knows it.
ALTER TABLE passkeys ADD COLUMN domain text;
