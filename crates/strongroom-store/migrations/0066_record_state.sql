-- How far the record is sealed, for an administrator who wants to keep its last checkpoint elsewhere. How much happens in
-- the whole vault is nobody else's affair.

-- `waiting` stops at 10 000.
CREATE FUNCTION strongroom.record_state() RETURNS TABLE (size bigint, sealed_at timestamptz, note text, waiting bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (strongroom.caller_is_admin() AND strongroom.token_is_full()) IS NOT TRUE THEN
        RAISE EXCEPTION 'the state of the record is for administrators' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY SELECT c.size, c.sealed_at, c.note, (
        SELECT count(*) FROM (
            SELECT FROM strongroom.activity_logs AS l, strongroom.record_sealing AS s
            WHERE (l.transaction_id, l.id) > (s.transaction_id, s.record_id) AND l.transaction_id > '0' LIMIT 10000) AS w)
    FROM (SELECT) AS always LEFT JOIN (
        SELECT p.size, p.sealed_at, p.note FROM strongroom.record_checkpoints AS p ORDER BY p.size DESC LIMIT 1) AS c ON true;
END $$;
GRANT EXECUTE ON FUNCTION strongroom.record_state() TO strongroom_system;
