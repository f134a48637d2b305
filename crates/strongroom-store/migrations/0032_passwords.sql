-- Passwords. The server derives a proof (argon2id) and sends that; the database keeps its hash. What is sent is not what
-- is kept, so that a dump lets nobody in; and what is kept, no runtime role can read, so that a stolen login has no hash
-- to try words on. An administrator can set nobody's: he could sign in as him, and read what is personal.

CREATE TABLE strongroom.passwords (
    user_id uuid PRIMARY KEY REFERENCES strongroom.users ON DELETE CASCADE,
    salt bytea NOT NULL CHECK (octet_length(salt) = 16),
    memory_kib integer NOT NULL CHECK (memory_kib BETWEEN 8 AND 1048576),
    iterations integer NOT NULL CHECK (iterations BETWEEN 1 AND 100),
    lanes integer NOT NULL CHECK (lanes BETWEEN 1 AND 16),
    -- SHA-256 of the proof, which is 256 bits: nothing slower is needed here.
    verifier bytea NOT NULL CHECK (octet_length(verifier) = 32)
);
ALTER TABLE strongroom.passwords ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.passwords FORCE ROW LEVEL SECURITY;
-- For the functions below and those that sign in, which run as the owner. No runtime role has a grant.
CREATE POLICY owner_keeps ON strongroom.passwords TO strongroom_owner USING (true) WITH CHECK (true);

CREATE FUNCTION strongroom.keep_password(
    person uuid, salt bytea, memory_kib integer, iterations integer, lanes integer, proof bytea
) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO strongroom.passwords AS p VALUES (person, salt, memory_kib, iterations, lanes, sha256(proof))
    ON CONFLICT (user_id) DO UPDATE
    SET salt = EXCLUDED.salt, memory_kib = EXCLUDED.memory_kib, iterations = EXCLUDED.iterations, lanes = EXCLUDED.lanes,
        verifier = EXCLUDED.verifier;
END $$;

-- Whether the caller has to give his password to change it. Not where he signed in by OIDC a moment ago; nor where he has
-- none and has just come: later, whoever has stolen his token would give him one, and keep it when the token is revoked.
CREATE FUNCTION strongroom.password_is_needed() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN NOT EXISTS (SELECT FROM strongroom.api_tokens AS t
                       WHERE t.id = strongroom.current_token_id() AND t.sign_in_method = 'OIDC'
                         AND t.created_at > clock_timestamp() - interval '5 minutes')
       AND (EXISTS (SELECT FROM strongroom.passwords AS p WHERE p.user_id = strongroom.current_user_id())
            OR NOT EXISTS (SELECT FROM strongroom.users AS u WHERE u.id = strongroom.current_user_id()
                           AND u.created_at > clock_timestamp() - interval '1 hour'));
END $$;

-- What the caller's password is derived with, if he has one, and whether he has to give it.
CREATE FUNCTION strongroom.own_password_parameters(server_secret bytea)
RETURNS TABLE (salt bytea, memory_kib integer, iterations integer, lanes integer, needed boolean, retry_after_seconds integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    counters bytea[];
BEGIN
    PERFORM strongroom.require_server(server_secret);
    IF NOT strongroom.token_is_full() THEN
        RAISE EXCEPTION 'this token changes no password' USING ERRCODE = 'insufficient_privilege';
    END IF;
    counters := strongroom.own_sign_in_counters(server_secret);
    RETURN QUERY
        SELECT p.salt, p.memory_kib, p.iterations, p.lanes, strongroom.password_is_needed(), strongroom.sign_in_wait(counters)
        FROM (VALUES (strongroom.current_user_id())) AS c (id) LEFT JOIN strongroom.passwords AS p ON p.user_id = c.id;
END $$;

-- The counters of whoever tries to be the caller, from where he is: a stolen token is no place to guess at either.
CREATE FUNCTION strongroom.own_sign_in_counters(server_secret bytea) RETURNS bytea[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT strongroom.sign_in_counters(server_secret, u.email, nullif(current_setting('strongroom.client_address', true), '')::inet)
            FROM strongroom.users AS u WHERE u.id = strongroom.current_user_id());
END $$;

-- Sets the caller's password, and ends every session of his but the one that asks. API tokens live on: they are listed,
-- and revoked one by one. Outcomes: CHANGED, WRONG_PASSWORD, THROTTLED.
CREATE FUNCTION strongroom.set_own_password(
    server_secret bytea, current_proof bytea,
    new_salt bytea, new_memory_kib integer, new_iterations integer, new_lanes integer, new_proof bytea
) RETURNS TABLE (outcome text, retry_after_seconds integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    person uuid := strongroom.current_user_id();
    counters bytea[];
    wait integer;
BEGIN
    PERFORM strongroom.require_server(server_secret);
    IF NOT strongroom.token_is_full() THEN
        RAISE EXCEPTION 'this token changes no password' USING ERRCODE = 'insufficient_privilege';
    END IF;
    counters := strongroom.own_sign_in_counters(server_secret);
    wait := strongroom.queue_sign_in(counters);
    -- One change after the other; a sign-in with the former password is over, or finds the new one.
    PERFORM FROM strongroom.users AS u WHERE u.id = person FOR NO KEY UPDATE;
    PERFORM FROM strongroom.passwords AS p WHERE p.user_id = person FOR UPDATE;
    IF strongroom.password_is_needed() THEN
        IF wait > 0 THEN
            PERFORM strongroom.record_failed_sign_in(person, counters[1], 'PASSWORD_CHANGED', 'THROTTLED');
            RETURN QUERY SELECT 'THROTTLED', wait;
            RETURN;
        END IF;
        IF NOT EXISTS (SELECT FROM strongroom.passwords AS p WHERE p.user_id = person AND p.verifier = sha256(current_proof)) THEN
            PERFORM strongroom.count_failed_sign_in(counters),
                    strongroom.record_failed_sign_in(person, counters[1], 'PASSWORD_CHANGED', 'PASSWORD');
            RETURN QUERY SELECT 'WRONG_PASSWORD', NULL::integer;
            RETURN;
        END IF;
    END IF;
    PERFORM strongroom.keep_password(person, new_salt, new_memory_kib, new_iterations, new_lanes, new_proof);
    DELETE FROM strongroom.sign_in_failures AS f WHERE f.counter = counters[1];
    UPDATE strongroom.api_tokens AS t SET revoked_at = now()
    WHERE t.user_id = person AND t.kind = 'SESSION' AND t.revoked_at IS NULL AND t.id <> strongroom.current_token_id();
    INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, owner_id)
    VALUES ('PASSWORD_CHANGED', person, 'USER', person, person);
    RETURN QUERY SELECT 'CHANGED', NULL::integer;
END $$;

-- Keeps the caller's password under better parameters. It is the same password: nothing is recorded, and nothing ends.
CREATE FUNCTION strongroom.strengthen_own_password(
    server_secret bytea, current_proof bytea,
    new_salt bytea, new_memory_kib integer, new_iterations integer, new_lanes integer, new_proof bytea
) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM strongroom.require_server(server_secret);
    UPDATE strongroom.passwords AS p
    SET salt = new_salt, memory_kib = new_memory_kib, iterations = new_iterations, lanes = new_lanes, verifier = sha256(new_proof)
    WHERE p.user_id = strongroom.current_user_id() AND p.verifier = sha256(current_proof);
END $$;

-- The address that a live invitation names, NULL in the set-up invitation. Raises SR401 for any other secret.
CREATE FUNCTION strongroom.invited_email(secret bytea) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    invited strongroom.invitations;
BEGIN
    SELECT i.* INTO invited FROM strongroom.invitations AS i
    WHERE i.token_hash = sha256(secret) AND i.accepted_at IS NULL AND i.expires_at > clock_timestamp();
    IF invited.id IS NULL THEN
        RAISE EXCEPTION 'the invitation is not valid' USING ERRCODE = 'SR401';
    END IF;
    RETURN invited.email;
END $$;

-- accept_invitation(), with a password for the new person.
CREATE FUNCTION strongroom.accept_invitation_with_password(
    server_secret bytea, secret bytea, new_user uuid, own_email text, own_name text,
    new_token uuid, new_token_hash bytea, token_lifetime interval,
    salt bytea, memory_kib integer, iterations integer, lanes integer, proof bytea
) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM strongroom.require_server(server_secret);
    PERFORM strongroom.accept_invitation(secret, new_user, own_email, own_name, new_token, new_token_hash, token_lifetime);
    PERFORM strongroom.keep_password(new_user, salt, memory_kib, iterations, lanes, proof);
    INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, owner_id)
    VALUES ('PASSWORD_CHANGED', new_user, 'USER', new_user, new_user);
END $$;

GRANT EXECUTE ON FUNCTION
    strongroom.own_password_parameters(bytea),
    strongroom.set_own_password(bytea, bytea, bytea, integer, integer, integer, bytea),
    strongroom.strengthen_own_password(bytea, bytea, bytea, integer, integer, integer, bytea),
    strongroom.invited_email(bytea),
    strongroom.accept_invitation_with_password(
        bytea, bytea, uuid, text, text, uuid, bytea, interval, bytea, integer, integer, integer, bytea)
TO strongroom_app;
