DROP TRIGGER lead_search_of_gone;
DROP TRIGGER lead_search_of_changed;
DROP TRIGGER lead_search_of_new;
DROP TABLE lead_search;
DROP TABLE lead_search_numbers;
