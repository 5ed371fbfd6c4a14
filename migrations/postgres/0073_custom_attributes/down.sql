DROP TABLE contact_attributes;
DROP TABLE custom_attributes;
