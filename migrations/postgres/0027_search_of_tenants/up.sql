-- What operators find a tenant by: its name and slug without case and accents. Filled in the background for those that are there.
ALTER TABLE tenants ADD COLUMN search text NOT NULL DEFAULT '';
