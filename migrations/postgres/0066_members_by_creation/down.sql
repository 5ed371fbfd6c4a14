DROP INDEX memberships_by_creation;
