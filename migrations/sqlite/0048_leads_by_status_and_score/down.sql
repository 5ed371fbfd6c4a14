DROP INDEX leads_by_status_and_score;
