-- Data keys that are wrapped anew, under another key of the ring. Whoever may see and replace envelopes here shows the
-- server's own secret, which only a holder of the keys can open: a stolen login gains nothing. What is replaced is the
-- wrapped key alone; the value's nonce and ciphertext stay byte for byte, and so does all else that is known of the row.

ALTER TYPE strongroom.entity_type ADD VALUE 'KEY_RING';
ALTER TYPE strongroom.activity_action ADD VALUE 'KEYS_REWRAPPED';
ALTER TYPE strongroom.activity_action ADD VALUE 'KEYS_FELL_BACK';
-- Compared as text: no statement of this transaction may use a value that it added.
ALTER TABLE strongroom.activity_logs
    DROP CONSTRAINT activity_logs_actor_known,
    ADD CONSTRAINT activity_logs_actor_known
        CHECK (actor_id IS NOT NULL OR action::text IN ('RECORD_PURGED', 'CREDENTIAL_PURGED', 'KEYS_REWRAPPED', 'KEYS_FELL_BACK'));

-- The bytes of an envelope (docs/envelope.md); NULL: it is none.
CREATE FUNCTION strongroom.envelope_bytes(envelope text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    encoded constant text := translate(substr(envelope, 15), '-_', '+/');
BEGIN
    IF envelope NOT LIKE 'strongroom:v1:%' OR encoded !~ '^[A-Za-z0-9+/]{44,}$' OR length(encoded) % 4 = 1 THEN
        RETURN NULL;
    END IF;
    RETURN decode(rpad(encoded, (length(encoded) + 3) / 4 * 4, '='), 'base64');
END $$;

-- The name of the key that it is under; NULL: it is none. Only the head is decoded: 132 characters hold the longest name.
CREATE FUNCTION strongroom.envelope_key(envelope text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    head constant bytea := strongroom.envelope_bytes(left(envelope, 14 + 132));
BEGIN
    RETURN encode(substring(head, 3, get_byte(head, 1)), 'escape');
END $$;

-- What a rewrap leaves as it is: the nonce and the ciphertext of the value.
CREATE FUNCTION strongroom.envelope_value(envelope text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    bytes constant bytea := strongroom.envelope_bytes(envelope);
    key_ends constant integer := 2 + get_byte(bytes, 1);
BEGIN
    RETURN substring(bytes, key_ends + 3 + 256 * get_byte(bytes, key_ends) + get_byte(bytes, key_ends + 1));
END $$;

-- The server's act and no caller's, as retention is: a transaction that has had a caller is refused.
CREATE FUNCTION strongroom.begin_rewrap(server_secret bytea) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM strongroom.require_server(server_secret);
    PERFORM strongroom.begin_retention();
END $$;

-- For the functions below. Rows are found by the policy owner_finds_due. A value does not go this way: that is owner_purges',
-- as far as the settings let it.
CREATE POLICY owner_rewraps ON strongroom.user_credentials FOR UPDATE TO strongroom_owner
    USING (session_user = 'strongroom_system' AND (SELECT strongroom.nobody_was_proven()))
    WITH CHECK (session_user = 'strongroom_system' AND (SELECT strongroom.nobody_was_proven()) AND encrypted_value IS NOT NULL);
CREATE POLICY owner_rewraps ON strongroom.server_secrets FOR UPDATE TO strongroom_owner
    USING (session_user = 'strongroom_system' AND (SELECT strongroom.nobody_was_proven()));

CREATE OR REPLACE FUNCTION strongroom.guard_credential() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Where nobody was proven, no policy lets a runtime role change a row: it is rewrap_envelopes() that does. The value is
    -- the same, and nothing that anybody could have seen of it has changed.
    IF session_user = 'strongroom_system' AND strongroom.nobody_was_proven()
       AND NEW.encrypted_value <> OLD.encrypted_value
       AND to_jsonb(NEW) - 'encrypted_value' = to_jsonb(OLD) - 'encrypted_value'
       AND strongroom.envelope_value(NEW.encrypted_value) = strongroom.envelope_value(OLD.encrypted_value) THEN
        RETURN NEW;
    END IF;
    IF (NEW.encrypted_value, NEW.masked_value, NEW.version) IS DISTINCT FROM (OLD.encrypted_value, OLD.masked_value, OLD.version)
       AND NEW.purged_at IS NOT DISTINCT FROM OLD.purged_at THEN
        IF NEW.version <> OLD.version + 1 OR NOT OLD.is_active OR NOT NEW.is_active OR NEW.encrypted_value IS NULL THEN
            RAISE EXCEPTION 'a new value is the next version of an active credential' USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.former_answers_until > now() + interval '30 days' THEN
            RAISE EXCEPTION 'a former value answers for 30 days at most' USING ERRCODE = 'check_violation';
        END IF;
        INSERT INTO strongroom.credential_versions (credential_id, version, encrypted_value, masked_value, answers_until)
        VALUES (OLD.id, OLD.version, OLD.encrypted_value, OLD.masked_value, NEW.former_answers_until);
        -- A rotation without grace is one after a leak: no former value answers any more.
        IF NEW.former_answers_until IS NULL THEN
            UPDATE strongroom.credential_versions AS v SET answers_until = NULL
            WHERE v.credential_id = OLD.id AND v.answers_until IS NOT NULL;
        END IF;
        NEW.rotated_at := now();
    ELSE
        NEW.former_answers_until := OLD.former_answers_until;
    END IF;
    IF NEW.is_active <> OLD.is_active THEN
        NEW.revoked_at := CASE WHEN NEW.is_active THEN NULL ELSE now() END;
    END IF;
    IF NEW.last_used_at IS NOT DISTINCT FROM OLD.last_used_at THEN
        NEW.updated_at := now();
        NEW.revision := OLD.revision + 1;
    END IF;
    RETURN NEW;
END $$;
-- Every change is recorded that guard_credential() counts: not that of last_used_at, which is a reveal's and has its own
-- record, and not a rewrap, which has one for many.
DROP TRIGGER record_credential_changed ON strongroom.user_credentials;
CREATE TRIGGER record_credential_changed AFTER UPDATE ON strongroom.user_credentials
    FOR EACH ROW WHEN (NEW.revision <> OLD.revision) EXECUTE FUNCTION strongroom.record_credential();

-- Versions of credentials, current and former and not purged, by id and number, after the one that is named; none is the end.
-- Each with its key, and with its envelope unless that is under one of except_under.
CREATE FUNCTION strongroom.sealed_envelopes(
    server_secret bytea, after_id uuid, after_version integer, except_under text[], at_most integer
) RETURNS TABLE (credential_id uuid, user_id uuid, workspace_id uuid, scope text, version integer, key_id text, envelope text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM strongroom.begin_rewrap(server_secret);
    RETURN QUERY
    SELECT e.id, e.user_id, e.workspace_id, e.scope::text, e.version, e.key_id,
           CASE WHEN e.key_id = ANY (except_under) THEN NULL ELSE e.envelope END
    FROM (SELECT c.id, c.user_id, c.workspace_id, c.scope, s.version, s.envelope, strongroom.envelope_key(s.envelope) AS key_id
          FROM strongroom.user_credentials AS c, LATERAL (
              SELECT c.version, c.encrypted_value AS envelope
              UNION ALL
              SELECT v.version, v.encrypted_value FROM strongroom.credential_versions AS v WHERE v.credential_id = c.id
          ) AS s
          WHERE s.envelope IS NOT NULL -- Purged otherwise.
            -- Not an OR, in a plan for any parameters: each batch would begin at the beginning.
            AND c.id >= coalesce(after_id, '00000000-0000-0000-0000-000000000000')
            AND (c.id, s.version) > (coalesce(after_id, '00000000-0000-0000-0000-000000000000'), coalesce(after_version, 0))
          ORDER BY c.id, s.version LIMIT at_most) AS e;
END $$;

-- Replaces envelopes that are still those that were read, by such with the same value under another key; returns how many, and
-- leaves a record of it. Whoever rotated, purged or rewrapped meanwhile was first.
CREATE FUNCTION strongroom.rewrap_envelopes(
    server_secret bytea, current_key text, ids uuid[], versions integer[], former text[], renewed text[]
) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    replaced integer := 0;
    i integer;
BEGIN
    PERFORM strongroom.begin_rewrap(server_secret);
    IF EXISTS (SELECT FROM unnest(former, renewed) AS e (former, renewed)
               WHERE strongroom.envelope_key(e.renewed) IS DISTINCT FROM current_key
                  OR strongroom.envelope_value(e.renewed) IS DISTINCT FROM strongroom.envelope_value(e.former)) THEN
        RAISE EXCEPTION 'a rewrap leaves the value as it is' USING ERRCODE = 'check_violation';
    END IF;
    -- One after the other, and not in one statement: what becomes a former version meanwhile is then found as that. By id, so
    -- that two at once do not wait for one another in a circle.
    FOR i IN SELECT e.place FROM unnest(ids, versions) WITH ORDINALITY AS e (id, version, place) ORDER BY e.id, e.version LOOP
        UPDATE strongroom.user_credentials AS c SET encrypted_value = renewed[i]
        WHERE c.id = ids[i] AND c.version = versions[i] AND c.encrypted_value = former[i];
        IF NOT FOUND THEN
            UPDATE strongroom.credential_versions AS v SET encrypted_value = renewed[i]
            WHERE v.credential_id = ids[i] AND v.version = versions[i] AND v.encrypted_value = former[i];
        END IF;
        replaced := replaced + FOUND::integer;
    END LOOP;
    IF replaced > 0 THEN
        PERFORM strongroom.record_rewrap(format('%s data keys, under %s', replaced, current_key));
    END IF;
    RETURN replaced;
END $$;

-- As rewrap_envelopes(), for the server's own secret.
CREATE FUNCTION strongroom.rewrap_server_secret(server_secret bytea, current_key text, former text, renewed text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM strongroom.begin_rewrap(server_secret);
    IF strongroom.envelope_key(renewed) IS DISTINCT FROM current_key
       OR strongroom.envelope_value(renewed) IS DISTINCT FROM strongroom.envelope_value(former) THEN
        RAISE EXCEPTION 'a rewrap leaves the value as it is' USING ERRCODE = 'check_violation';
    END IF;
    UPDATE strongroom.server_secrets AS s SET envelope = renewed WHERE s.envelope = former;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM strongroom.record_rewrap(format('the server''s secret, under %s', current_key));
    RETURN true;
END $$;

CREATE FUNCTION strongroom.record_rewrap(what text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO strongroom.activity_logs (action, entity_type, entity_id, scope, name)
    VALUES ('KEYS_REWRAPPED', 'KEY_RING', '00000000-0000-0000-0000-000000000000', 'SYSTEM', what);
END $$;

-- A server seals under its key file, because the provider of the keys is away and it was told to. Not a rewrap, but as they are,
-- an act of the server's own.
CREATE FUNCTION strongroom.record_key_fallback(server_secret bytea) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM strongroom.begin_rewrap(server_secret);
    INSERT INTO strongroom.activity_logs (action, entity_type, entity_id, scope, name)
    VALUES ('KEYS_FELL_BACK', 'KEY_RING', '00000000-0000-0000-0000-000000000000', 'SYSTEM', 'new values are sealed under the key file');
END $$;
GRANT EXECUTE ON FUNCTION strongroom.record_key_fallback(bytea), strongroom.sealed_envelopes(bytea, uuid, integer, text[], integer),
    strongroom.rewrap_envelopes(bytea, text, uuid[], integer[], text[], text[]),
    strongroom.rewrap_server_secret(bytea, text, text, text) TO strongroom_system;
