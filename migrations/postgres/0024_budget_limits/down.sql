DROP INDEX ad_campaigns_to_commit;
ALTER TABLE ad_campaigns DROP COLUMN figures_at;
ALTER TABLE ad_campaigns DROP COLUMN committed_until;
DROP TABLE ad_commitments;
