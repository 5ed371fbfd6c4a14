DROP TABLE ad_campaigns;
DROP TABLE lead_forms;
