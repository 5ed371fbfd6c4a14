DROP TABLE outreach_messages;
DROP TABLE outreach_estimates;
DROP TABLE outreach_campaigns;
