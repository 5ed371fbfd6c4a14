DROP TABLE notification_recipients;
DROP TABLE held_messages;
DROP TABLE opt_ins;
ALTER TABLE tenants DROP COLUMN agreed;
DROP TABLE tallies;
