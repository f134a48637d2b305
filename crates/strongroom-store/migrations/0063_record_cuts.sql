-- The retention cuts whole checkpoints off the record's beginning, each time with a statement that the server signed: rows
-- that are gone without one were removed by somebody else. In the place of purge_record() of 0053, which asked for no secret.

DROP FUNCTION strongroom.purge_record();

-- For purge_record(): nothing goes that no cut covers.
CREATE POLICY owner_purges ON strongroom.record_checkpoints FOR DELETE TO strongroom_owner
    USING (size <= (SELECT max(k.size) FROM strongroom.record_cuts AS k));

-- The end of what the settings let go: that of the last of the first checkpoints whose rows are all older, 10 000 rows at
-- most. No row: nothing is to go, or another server is at it. Locks the settings, which stay as they are.
CREATE FUNCTION strongroom.begin_purge(server_secret bytea) RETURNS TABLE (frontier bytea, note text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    bound constant timestamptz := strongroom.record_cutoff();
    cut_size constant bigint := coalesce((SELECT max(k.size) FROM strongroom.record_cuts AS k), 0);
BEGIN
    PERFORM strongroom.require_server(server_secret);
    PERFORM strongroom.begin_retention();
    -- Not an advisory lock, which any login could take and keep.
    PERFORM FROM strongroom.settings FOR UPDATE SKIP LOCKED;
    IF NOT FOUND OR bound IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT due.frontier, due.note
    FROM (SELECT c.size, c.frontier, c.note, bool_and(c.newest_at < bound) OVER (ORDER BY c.size) AS all_older
          FROM strongroom.record_checkpoints AS c WHERE c.size <= cut_size + 10000) AS due
    WHERE due.all_older ORDER BY due.size DESC LIMIT 1;
END $$;

-- Cuts the record there; returns how many rows went. What may go is still a policy's to say (owner_purges of 0053).
CREATE FUNCTION strongroom.purge_record(server_secret bytea, cut_size bigint, cut_note text) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    bound constant timestamptz := strongroom.record_cutoff();
    due bigint;
    removed integer;
BEGIN
    PERFORM strongroom.require_server(server_secret);
    PERFORM FROM strongroom.settings FOR UPDATE;
    INSERT INTO strongroom.record_cuts (size, frontier, note)
    SELECT c.size, c.frontier, cut_note FROM strongroom.record_checkpoints AS c WHERE c.size = cut_size;
    SELECT sum(cardinality(c.record_ids)) INTO due FROM strongroom.record_checkpoints AS c WHERE c.size <= cut_size;
    DELETE FROM strongroom.activity_logs AS l
    WHERE l.id IN (SELECT unnest(c.record_ids) FROM strongroom.record_checkpoints AS c WHERE c.size <= cut_size);
    GET DIAGNOSTICS removed = ROW_COUNT;
    IF removed IS DISTINCT FROM due THEN
        RAISE EXCEPTION 'the record is not as it was sealed, or is to be kept' USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM strongroom.record_checkpoints AS c WHERE c.size <= cut_size;
    INSERT INTO strongroom.activity_logs (action, entity_type, entity_id, scope, name)
    VALUES ('RECORD_PURGED', 'RECORD', '00000000-0000-0000-0000-000000000000', 'SYSTEM',
            format('%s from before %s', removed, to_char(bound AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')));
    RETURN removed;
END $$;
GRANT EXECUTE ON FUNCTION strongroom.begin_purge(bytea), strongroom.purge_record(bytea, bigint, text) TO strongroom_system;
