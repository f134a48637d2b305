-- What is removed from the record, and by whom: rows older than the settings keep, by the database itself.

-- Without an actor is what the settings alone bring about. All else has one: that is what refuses whoever takes back his
-- proof in the middle of a statement.
ALTER TABLE strongroom.activity_logs
    ALTER COLUMN actor_id DROP NOT NULL,
    ADD CONSTRAINT activity_logs_actor_known
        CHECK (actor_id IS NOT NULL OR action IN ('RECORD_PURGED', 'CREDENTIAL_PURGED'));

-- Before this, a record may be removed; NULL: none may. Days have 24 hours, whatever the time zone of the session.
CREATE FUNCTION strongroom.record_cutoff() RETURNS timestamptz
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT clock_timestamp() - make_interval(hours => 24 * greatest(s.record_retention_days, s.record_retention_promise_days))
            FROM strongroom.settings AS s WHERE s.record_retention_days IS NOT NULL);
END $$;

-- For purge_record(), which runs as the owner and so cannot do more, whatever it says.
CREATE POLICY owner_purges ON strongroom.activity_logs FOR DELETE TO strongroom_owner
    USING (occurred_at < (SELECT strongroom.record_cutoff()));

-- Retention is nobody's act: a transaction that has had a caller is refused, and nobody_was_proven() stays true. What is done
-- next gives the transaction an id, by which it would go where the registers are empty.
CREATE FUNCTION strongroom.begin_retention() RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT strongroom.nobody_was_proven() THEN
        RAISE EXCEPTION 'retention is nobody''s act' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM setval('strongroom.caller_since', 0);
END $$;

-- Removes the oldest records as far as the settings let them go: 10 000 at most, and only from the beginning. Returns how
-- many. Takes no argument, so that it does the same for whoever calls it. One server at a time: the others get 0.
CREATE FUNCTION strongroom.purge_record() RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    cutoff timestamptz;
    first_kept bigint;
    removed integer;
BEGIN
    PERFORM strongroom.begin_retention();
    -- Not an advisory lock, which any login could take and keep. The settings stay as they are meanwhile.
    PERFORM FROM strongroom.settings FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    cutoff := strongroom.record_cutoff();
    IF cutoff IS NULL THEN
        RETURN 0;
    END IF;
    SELECT coalesce(min(l.id) FILTER (WHERE l.occurred_at >= cutoff), max(l.id) + 1) INTO first_kept
    FROM (SELECT o.id, o.occurred_at FROM strongroom.activity_logs AS o ORDER BY o.id LIMIT 10000) AS l;
    -- The time is asked for again: a row with a smaller id may have been committed in between.
    DELETE FROM strongroom.activity_logs AS l WHERE l.id < first_kept AND l.occurred_at < cutoff;
    GET DIAGNOSTICS removed = ROW_COUNT;
    IF removed > 0 THEN
        INSERT INTO strongroom.activity_logs (action, entity_type, entity_id, scope, name)
        VALUES ('RECORD_PURGED', 'RECORD', '00000000-0000-0000-0000-000000000000', 'SYSTEM',
                format('%s from before %s', removed, to_char(cutoff AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')));
    END IF;
    RETURN removed;
END $$;
GRANT EXECUTE ON FUNCTION strongroom.purge_record() TO strongroom_system;
