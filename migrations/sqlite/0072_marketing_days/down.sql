DROP TABLE marketing_days;
