-- Columns of applications' tables whose fields are sealed under the keys of this vault (strongroom seal-column). They may be in other
-- databases; here stands that they are there, so that no key is retired that one of them needs, and that each run leaves a record.
-- As a rewrap, it is the act of whoever shows the server's own secret; no runtime role reads or writes the table.

ALTER TYPE strongroom.activity_action ADD VALUE 'COLUMN_SEALED';
ALTER TYPE strongroom.activity_action ADD VALUE 'COLUMN_OPENED';
ALTER TYPE strongroom.activity_action ADD VALUE 'COLUMN_FORGOTTEN';
ALTER TABLE strongroom.activity_logs
    DROP CONSTRAINT activity_logs_actor_known,
    ADD CONSTRAINT activity_logs_actor_known
        CHECK (actor_id IS NOT NULL OR action::text IN (
            'RECORD_PURGED', 'CREDENTIAL_PURGED', 'KEYS_REWRAPPED', 'KEYS_FELL_BACK', 'COLUMN_SEALED', 'COLUMN_OPENED', 'COLUMN_FORGOTTEN'));

CREATE TABLE strongroom.sealed_columns (
    -- Database, its cluster's identifier, schema, table, column: app@7459…/public.accounts.access_token
    name text PRIMARY KEY CHECK (octet_length(name) BETWEEN 1 AND 300),
    -- The column that tells rows apart; each field is bound to it.
    row_column text NOT NULL CHECK (octet_length(row_column) BETWEEN 1 AND 63),
    key_name text NOT NULL CHECK (key_name IN ('CREDENTIALS', 'ACCOUNT_TOKENS', 'FEDERATION', 'LLM_CONFIG')),
    -- The key that every field was found under when the last run ended. NULL: it has not, and any key may be needed.
    key_id text CHECK (octet_length(key_id) BETWEEN 1 AND 64)
);
ALTER TABLE strongroom.sealed_columns ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.sealed_columns FORCE ROW LEVEL SECURITY;
-- For the functions below, which run as the owner.
CREATE POLICY owner_reads ON strongroom.sealed_columns FOR SELECT TO strongroom_owner USING (true);
CREATE POLICY owner_inserts ON strongroom.sealed_columns FOR INSERT TO strongroom_owner WITH CHECK (true);
CREATE POLICY owner_updates ON strongroom.sealed_columns FOR UPDATE TO strongroom_owner USING (true) WITH CHECK (true);
CREATE POLICY owner_deletes ON strongroom.sealed_columns FOR DELETE TO strongroom_owner USING (true);

CREATE FUNCTION strongroom.sealed_columns(server_secret bytea)
RETURNS TABLE (name text, row_column text, key_name text, key_id text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM strongroom.begin_rewrap(server_secret);
    RETURN QUERY SELECT c.name, c.row_column, c.key_name, c.key_id FROM strongroom.sealed_columns AS c ORDER BY c.name;
END $$;

CREATE FUNCTION strongroom.record_column(action text, name text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO strongroom.activity_logs (action, entity_type, entity_id, scope, name)
    VALUES (action::strongroom.activity_action, 'KEY_RING', '00000000-0000-0000-0000-000000000000', 'SYSTEM', left(name, 255));
END $$;

-- A run begins, and is in the record before it touches a field. The same column is always sealed for the same rows and under the
-- same named key: with others, what is sealed would not open.
CREATE FUNCTION strongroom.begin_column_run(
    server_secret bytea, name text, row_column text, key_name text, opens boolean
) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
    PERFORM strongroom.begin_rewrap(server_secret);
    INSERT INTO strongroom.sealed_columns AS c (name, row_column, key_name) VALUES (name, row_column, key_name)
    ON CONFLICT ON CONSTRAINT sealed_columns_pkey DO UPDATE SET key_id = NULL
        WHERE c.row_column = excluded.row_column AND c.key_name = excluded.key_name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the column is sealed for other rows or under another named key' USING ERRCODE = 'check_violation';
    END IF;
    PERFORM strongroom.record_column(CASE WHEN opens THEN 'COLUMN_OPENED' ELSE 'COLUMN_SEALED' END, name);
END $$;

-- All fields are under that key.
CREATE FUNCTION strongroom.end_column_run(server_secret bytea, name text, key_id text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
    PERFORM strongroom.begin_rewrap(server_secret);
    UPDATE strongroom.sealed_columns AS c SET key_id = key_id WHERE c.name = name;
END $$;

-- No field is sealed any more, or the table is gone. False: there is no such column here.
CREATE FUNCTION strongroom.forget_column(server_secret bytea, name text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
    PERFORM strongroom.begin_rewrap(server_secret);
    DELETE FROM strongroom.sealed_columns AS c WHERE c.name = name;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM strongroom.record_column('COLUMN_FORGOTTEN', name);
    RETURN true;
END $$;

GRANT EXECUTE ON FUNCTION strongroom.sealed_columns(bytea), strongroom.begin_column_run(bytea, text, text, text, boolean),
    strongroom.end_column_run(bytea, text, text), strongroom.forget_column(bytea, text) TO strongroom_system;
