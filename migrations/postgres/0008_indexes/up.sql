-- Lists of the operators' console that read and sorted a whole table for one page.
CREATE INDEX webhook_events_by_provider ON webhook_events (provider, received_at, id);
CREATE INDEX ops_tasks_by_due_date ON ops_tasks (due_at, id);
