DROP INDEX ops_tasks_by_due_date;
DROP INDEX webhook_events_by_provider;
