-- What leads are found by, in pieces of three letters. The index knows leads by numbers of its own, and any SQLite since 3.34 writes it; the triggers keep it
-- in step with the leads.
CREATE TABLE lead_search_numbers (
    number INTEGER PRIMARY KEY,
    tenant_id BLOB NOT NULL,
    lead_id BLOB NOT NULL,
    UNIQUE (tenant_id, lead_id)
);
CREATE VIRTUAL TABLE lead_search USING fts5 (
    search, detail = none, tokenize = 'trigram case_sensitive 1'
);
INSERT INTO lead_search_numbers (tenant_id, lead_id) SELECT tenant_id, id FROM leads ORDER BY tenant_id, created_at, id;
INSERT INTO lead_search (rowid, search)
SELECT n.number, l.search FROM lead_search_numbers n JOIN leads l ON l.tenant_id = n.tenant_id AND l.id = n.lead_id
ORDER BY n.number;
CREATE TRIGGER lead_search_of_new AFTER INSERT ON leads BEGIN
    INSERT INTO lead_search_numbers (tenant_id, lead_id) VALUES (new.tenant_id, new.id);
    INSERT INTO lead_search (rowid, search) VALUES (last_insert_rowid(), new.search);
END;
CREATE TRIGGER lead_search_of_changed AFTER UPDATE OF search ON leads WHEN new.search <> old.search BEGIN
    DELETE FROM lead_search
    WHERE rowid = (SELECT number FROM lead_search_numbers WHERE tenant_id = new.tenant_id AND lead_id = new.id);
    INSERT INTO lead_search (rowid, search)
    SELECT number, new.search FROM lead_search_numbers WHERE tenant_id = new.tenant_id AND lead_id = new.id;
END;
CREATE TRIGGER lead_search_of_gone AFTER DELETE ON leads BEGIN
    DELETE FROM lead_search
    WHERE rowid = (SELECT number FROM lead_search_numbers WHERE tenant_id = old.tenant_id AND lead_id = old.id);
    DELETE FROM lead_search_numbers WHERE tenant_id = old.tenant_id AND lead_id = old.id;
END;
