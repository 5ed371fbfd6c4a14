DROP TABLE sender_threads;
DROP TABLE messages;
DROP TABLE conversations;
DROP TABLE senders;
DROP TABLE suppressions;
