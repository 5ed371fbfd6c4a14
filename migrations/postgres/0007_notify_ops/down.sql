DROP TABLE webhook_events;
DROP TABLE ops_tasks;
DROP TABLE operator_notifications;
DROP TABLE notification_deliveries;
DROP TABLE notifications;
