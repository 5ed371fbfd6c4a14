-- By which API key another key or an invitation was made: what a key made ends with it. Those from before end with the person
-- behind them.
ALTER TABLE api_keys ADD COLUMN made_by_key uuid;
ALTER TABLE invitations ADD COLUMN made_by_key uuid;
