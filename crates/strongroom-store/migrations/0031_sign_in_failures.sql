-- What slows guessing down. Failures are counted for an account as it is asked for from one network, and for a network
-- over all accounts; never for an account alone, or anybody could lock anybody out from anywhere.

CREATE TABLE strongroom.sign_in_failures (
    -- A hash under the server's secret: an address that somebody typed may be a misplaced password.
    counter bytea PRIMARY KEY CHECK (octet_length(counter) = 32),
    -- As of failed_at; they are forgiven little by little.
    failures double precision NOT NULL DEFAULT 0,
    failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    blocked_until timestamptz,
    recorded_at timestamptz
);
CREATE INDEX sign_in_failures_age ON strongroom.sign_in_failures (failed_at);
-- Not UNLOGGED: an attempt at an account is written to the record, and so waits for the disk; one at an address that is
-- nobody's writes here alone, and is to wait as long.

ALTER TABLE strongroom.sign_in_failures ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.sign_in_failures FORCE ROW LEVEL SECURITY;
-- For the functions below and those that use them, which run as the owner. No runtime role has a grant.
CREATE POLICY owner_counts ON strongroom.sign_in_failures TO strongroom_owner USING (true) WITH CHECK (true);

-- The counters of an attempt: of the account from the network, and of the network. Whoever has one address of IPv6 has
-- the 2^64 beside it.
CREATE FUNCTION strongroom.sign_in_counters(server_secret bytea, account text, address inet) RETURNS bytea[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    network text := coalesce(host(network(set_masklen(address, CASE family(address) WHEN 4 THEN 32 ELSE 64 END))), 'none');
BEGIN
    RETURN ARRAY[sha256(server_secret || convert_to('account ' || network || ' ' || lower(account), 'UTF8')),
                 sha256(server_secret || convert_to('network ' || network, 'UTF8'))];
END $$;

-- In how many seconds the next attempt will be looked at; 0: now.
CREATE FUNCTION strongroom.sign_in_wait(counters bytea[]) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT greatest(0, coalesce(ceil(extract(epoch FROM max(f.blocked_until) - clock_timestamp())), 0))
            FROM strongroom.sign_in_failures AS f WHERE f.counter = ANY (counters));
END $$;

-- The same, with attempts at these counters looked at one after the other: a hundred at once are not a hundred guesses.
CREATE FUNCTION strongroom.queue_sign_in(counters bytea[]) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('lock_timeout', '5s', true);
    FOR i IN 1..2 LOOP
        INSERT INTO strongroom.sign_in_failures AS f (counter) VALUES (counters[i])
        ON CONFLICT (counter) DO UPDATE SET failures = f.failures;
    END LOOP;
    RETURN strongroom.sign_in_wait(counters);
END $$;

-- Counts a failure. For an account five are free, and one is forgiven each quarter of an hour; for a network, behind which
-- there may be many people, a hundred, and one each minute. After that the wait doubles, up to a quarter of an hour.
CREATE FUNCTION strongroom.count_failed_sign_in(counters bytea[]) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    free integer[] := '{5, 100}';
    forgiven_after integer[] := '{900, 60}';
    counted double precision;
BEGIN
    FOR i IN 1..2 LOOP
        UPDATE strongroom.sign_in_failures AS f
        SET failures = 1 + greatest(0, f.failures - extract(epoch FROM clock_timestamp() - f.failed_at) / forgiven_after[i]),
            failed_at = clock_timestamp()
        WHERE f.counter = counters[i] RETURNING f.failures INTO counted;
        UPDATE strongroom.sign_in_failures AS f
        SET blocked_until = clock_timestamp() + make_interval(secs => least(900, power(2, ceil(counted) - free[i] + 1)))
        WHERE f.counter = counters[i] AND ceil(counted) >= free[i];
    END LOOP;
    -- Whatever was counted six hours ago is forgiven. A few at a time, so that nobody waits for it.
    DELETE FROM strongroom.sign_in_failures AS f WHERE f.counter IN (
        SELECT old.counter FROM strongroom.sign_in_failures AS old
        WHERE old.failed_at < clock_timestamp() - interval '6 hours' LIMIT 100 FOR UPDATE SKIP LOCKED);
END $$;

-- Records that somebody failed to be that person; the first of a minute, account and network. The same work, but for the
-- row itself, where the address is nobody's.
CREATE FUNCTION strongroom.record_failed_sign_in(
    person uuid, counter_of_account bytea, attempt strongroom.activity_action, why text
) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE strongroom.sign_in_failures AS f SET recorded_at = clock_timestamp()
    WHERE f.counter = counter_of_account AND coalesce(f.recorded_at < clock_timestamp() - interval '1 minute', true);
    IF FOUND AND person IS NOT NULL THEN
        INSERT INTO strongroom.activity_logs (action, outcome, reason, actor_id, entity_type, entity_id, owner_id)
        VALUES (attempt, 'DENIED', why, person, 'USER', person, person);
    END IF;
END $$;
