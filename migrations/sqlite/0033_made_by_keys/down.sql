ALTER TABLE invitations DROP COLUMN made_by_key;
ALTER TABLE api_keys DROP COLUMN made_by_key;
