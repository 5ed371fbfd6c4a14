ALTER TABLE contacts DROP COLUMN last_booking_at;
ALTER TABLE contacts DROP COLUMN last_category;
ALTER TABLE contacts DROP COLUMN bookings_count;
DROP TABLE contact_spend;
DROP TABLE bookings;
