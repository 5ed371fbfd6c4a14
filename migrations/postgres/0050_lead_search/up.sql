-- What leads are found by, in pieces of three letters. Where the extensions are not there or the role may not add them there is no index:
-- the same is found, and slower. The doctor says so; docs/operations.md says how to add it later.
DO $$
DECLARE
    home text := CASE WHEN to_regnamespace('public') IS NULL THEN quote_ident(current_schema()) ELSE 'public' END;
    trigrams text;
BEGIN
    BEGIN
        EXECUTE format('CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA %s', home);
        EXECUTE format('CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA %s', home);
    EXCEPTION WHEN OTHERS THEN
        RAISE NOTICE 'leads are searched without an index: %', SQLERRM;
        RETURN;
    END;
    SELECT quote_ident(n.nspname) INTO trigrams
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'pg_trgm';
    -- Sorting a large table's letters in little memory takes many times as long.
    PERFORM set_config('maintenance_work_mem', '256MB', true);
    -- What was written last waits in a list that every search reads, so it is kept short; a job empties it before a writer has to.
    EXECUTE format(
        'CREATE INDEX IF NOT EXISTS leads_by_text ON leads USING gin (tenant_id, search %s.gin_trgm_ops) WITH (gin_pending_list_limit = 2048)',
        trigrams
    );
END
$$;
-- How common a text is decides how it is best sought.
ALTER TABLE leads ALTER COLUMN search SET STATISTICS 500;
