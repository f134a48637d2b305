-- Signing in with a password, in two steps: what to derive the proof with, and the proof. Neither tells, by what it
-- answers or by how long it takes, whether an address is anybody's.

-- What to derive with. For an address that is nobody's, and for a person without a password, the current parameters and
-- a salt that is always the same; or in how many seconds to try again, so that a blocked attempt costs no derivation.
CREATE FUNCTION strongroom.sign_in_parameters(
    server_secret bytea, account text, current_memory_kib integer, current_iterations integer, current_lanes integer,
    request uuid, address inet, agent text
) RETURNS TABLE (salt bytea, memory_kib integer, iterations integer, lanes integer, retry_after_seconds integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    counters bytea[];
    wait integer;
    person uuid;
BEGIN
    PERFORM strongroom.require_server(server_secret);
    PERFORM strongroom.describe_request(request, address, agent);
    counters := strongroom.sign_in_counters(server_secret, account, address);
    wait := strongroom.sign_in_wait(counters);
    SELECT u.id INTO person FROM strongroom.users AS u WHERE lower(u.email) = lower(account);
    IF wait > 0 THEN
        PERFORM strongroom.record_failed_sign_in(person, counters[1], 'SIGN_IN_FAILED', 'THROTTLED');
    END IF;
    RETURN QUERY
        SELECT coalesce(p.salt, substring(sha256(server_secret || convert_to('salt ' || lower(account), 'UTF8')), 1, 16)),
               coalesce(p.memory_kib, current_memory_kib), coalesce(p.iterations, current_iterations),
               coalesce(p.lanes, current_lanes), wait
        FROM (VALUES (person)) AS c (id) LEFT JOIN strongroom.passwords AS p ON p.user_id = c.id;
END $$;

-- Begins a session of whoever's password was derived to that proof. Outcomes: SIGNED_IN, WRONG_PASSWORD, THROTTLED.
CREATE FUNCTION strongroom.sign_in(
    server_secret bytea, account text, proof bytea, session uuid, random bytea, idle interval, lifetime interval,
    request uuid, address inet, agent text
) RETURNS TABLE (outcome text, user_id uuid, expires_at timestamptz, retry_after_seconds integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    counters bytea[];
    wait integer;
    person uuid;
    kept bytea;
BEGIN
    PERFORM strongroom.require_server(server_secret);
    PERFORM strongroom.describe_request(request, address, agent);
    counters := strongroom.sign_in_counters(server_secret, account, address);
    wait := strongroom.queue_sign_in(counters);
    SELECT u.id INTO person FROM strongroom.users AS u WHERE lower(u.email) = lower(account);
    IF wait > 0 THEN
        PERFORM strongroom.record_failed_sign_in(person, counters[1], 'SIGN_IN_FAILED', 'THROTTLED');
        RETURN QUERY SELECT 'THROTTLED', NULL::uuid, NULL::timestamptz, wait;
        RETURN;
    END IF;
    -- The lock lets a change of the password wait for this session, which it is to end.
    SELECT p.verifier INTO kept FROM strongroom.passwords AS p WHERE p.user_id = person FOR SHARE;
    IF kept = sha256(proof) THEN
        DELETE FROM strongroom.sign_in_failures AS f WHERE f.counter = counters[1];
        RETURN QUERY SELECT 'SIGNED_IN', person, strongroom.begin_session(person, 'PASSWORD', session, random, idle, lifetime),
                            NULL::integer;
        RETURN;
    END IF;
    PERFORM strongroom.count_failed_sign_in(counters),
            strongroom.record_failed_sign_in(person, counters[1], 'SIGN_IN_FAILED', 'PASSWORD');
    RETURN QUERY SELECT 'WRONG_PASSWORD', NULL::uuid, NULL::timestamptz, NULL::integer;
END $$;

GRANT EXECUTE ON FUNCTION
    strongroom.sign_in_parameters(bytea, text, integer, integer, integer, uuid, inet, text),
    strongroom.sign_in(bytea, text, bytea, uuid, bytea, interval, interval, uuid, inet, text)
TO strongroom_app;
