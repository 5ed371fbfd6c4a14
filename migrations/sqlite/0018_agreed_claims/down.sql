DROP TABLE lead_form_keys;
DROP INDEX ad_campaigns_by_page;
CREATE INDEX ad_campaigns_by_page ON ad_campaigns (platform, external_page_id);
-- Where ids were anybody's alone, only agreed ones can stay.
DROP INDEX ad_campaigns_agreed;
DROP INDEX ad_campaigns_external;
UPDATE ad_campaigns SET external_campaign_id = agreed_campaign_id;
CREATE UNIQUE INDEX ad_campaigns_external ON ad_campaigns (platform, external_campaign_id) WHERE external_campaign_id IS NOT NULL;
DROP INDEX lead_forms_agreed;
DROP INDEX lead_forms_external;
UPDATE lead_forms SET external_form_id = agreed_form_id;
CREATE UNIQUE INDEX lead_forms_external ON lead_forms (platform, external_form_id) WHERE external_form_id IS NOT NULL;
ALTER TABLE ad_campaigns DROP COLUMN is_page_id_operators;
ALTER TABLE ad_campaigns DROP COLUMN is_campaign_id_operators;
ALTER TABLE lead_forms DROP COLUMN is_form_id_operators;
ALTER TABLE ad_campaigns DROP COLUMN agreed_page_id;
ALTER TABLE lead_forms DROP COLUMN agreed_form_id;
