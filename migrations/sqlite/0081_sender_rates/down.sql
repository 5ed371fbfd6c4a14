DROP TABLE sender_rates;
