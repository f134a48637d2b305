-- What the first sealing took by its id can have a transaction that is after where sealing by transactions began, while another database's
-- holds the horizon back. It is sealed, and does not wait.
CREATE OR REPLACE FUNCTION strongroom.record_state() RETURNS TABLE (size bigint, sealed_at timestamptz, note text, waiting bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (strongroom.caller_is_admin() AND strongroom.token_is_full()) IS NOT TRUE THEN
        RAISE EXCEPTION 'the state of the record is for administrators' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY SELECT c.size, c.sealed_at, c.note, (
        SELECT count(*) FROM (
            SELECT FROM strongroom.activity_logs AS l, strongroom.record_sealing AS s
            WHERE (l.transaction_id, l.id) > (s.transaction_id, s.record_id) AND l.transaction_id > '0'
              AND (l.id > s.boundary OR NOT EXISTS (
                  SELECT FROM strongroom.record_checkpoints AS p
                  WHERE p.first_id <= l.id AND p.last_id >= l.id AND l.id = ANY (p.record_ids)))
            LIMIT 10000) AS w)
    FROM (SELECT) AS always LEFT JOIN (
        SELECT p.size, p.sealed_at, p.note FROM strongroom.record_checkpoints AS p ORDER BY p.size DESC LIMIT 1) AS c ON true;
END $$;
