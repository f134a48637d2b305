-- Keys that are retired: nothing is kept under them any more, whoever seals. A server whose key file is older than the others' goes on
-- sealing under what was current then; what it sealed under a retired key would open for nobody once it began anew.

CREATE TABLE strongroom.retired_keys (
    key_id text PRIMARY KEY CHECK (octet_length(key_id) BETWEEN 1 AND 64),
    retired_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE strongroom.retired_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.retired_keys FORCE ROW LEVEL SECURITY;
-- For the functions below, which run as the owner.
CREATE POLICY owner_reads ON strongroom.retired_keys FOR SELECT TO strongroom_owner USING (true);
CREATE POLICY owner_inserts ON strongroom.retired_keys FOR INSERT TO strongroom_owner WITH CHECK (true);
CREATE POLICY owner_deletes ON strongroom.retired_keys FOR DELETE TO strongroom_owner USING (true);

CREATE FUNCTION strongroom.refuse_retired_key() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM strongroom.retired_keys AS r WHERE r.key_id = strongroom.envelope_key(NEW.encrypted_value)) THEN
        RAISE EXCEPTION 'the key is retired' USING ERRCODE = 'SR410';
    END IF;
    RETURN NEW;
END $$;
-- Rotations write the one table, rewraps both.
CREATE TRIGGER refuse_retired_key BEFORE INSERT OR UPDATE OF encrypted_value ON strongroom.user_credentials
    FOR EACH ROW EXECUTE FUNCTION strongroom.refuse_retired_key();
CREATE TRIGGER refuse_retired_key BEFORE INSERT OR UPDATE OF encrypted_value ON strongroom.credential_versions
    FOR EACH ROW EXECUTE FUNCTION strongroom.refuse_retired_key();

-- From its commit on, nothing is kept under that key. It waits for those who are writing, so that whoever counts afterwards counts
-- what they wrote; they cannot have known.
CREATE FUNCTION strongroom.retire_key(server_secret bytea, key_id text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM strongroom.begin_rewrap(server_secret);
    LOCK TABLE strongroom.user_credentials, strongroom.credential_versions IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO strongroom.retired_keys (key_id) VALUES (key_id) ON CONFLICT DO NOTHING;
END $$;

-- It is needed after all.
CREATE FUNCTION strongroom.reinstate_key(server_secret bytea, key_id text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
    PERFORM strongroom.begin_rewrap(server_secret);
    DELETE FROM strongroom.retired_keys AS r WHERE r.key_id = key_id;
END $$;

GRANT EXECUTE ON FUNCTION strongroom.retire_key(bytea, text), strongroom.reinstate_key(bytea, text) TO strongroom_system;
