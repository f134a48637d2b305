-- When a credential was last used is noted from the record, by whoever seals it: within seconds, many at once, and not by each
-- reveal. That was half of what a reveal cost (docs/adr/0010-reveals-together.md).

-- To five minutes: a row that many read is not rewritten for each of them, and the record has the moment. Nor is a row waited
-- for that somebody is changing; its next use is noted. The policies are those by which envelopes are rewrapped: the server's
-- own login, and nobody proven.
CREATE FUNCTION strongroom.note_uses(server_secret bytea, record_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS $$
BEGIN
    PERFORM strongroom.require_server(server_secret);
    PERFORM strongroom.begin_retention(); -- Nobody's act, and the policies can tell.
    WITH uses AS MATERIALIZED (
        SELECT l.entity_id AS id, max(l.occurred_at) AS used_at FROM strongroom.activity_logs AS l
        WHERE l.id = ANY (record_ids) AND l.action IN ('CREDENTIAL_ACCESSED', 'CREDENTIAL_USED') AND l.outcome = 'ALLOWED'
        GROUP BY l.entity_id
    ), due AS MATERIALIZED (
        SELECT c.id, u.used_at FROM strongroom.user_credentials AS c JOIN uses AS u ON u.id = c.id
        WHERE c.encrypted_value IS NOT NULL AND coalesce(c.last_used_at < u.used_at - interval '5 minutes', true)
        FOR NO KEY UPDATE OF c SKIP LOCKED
    )
    UPDATE strongroom.user_credentials AS c SET last_used_at = due.used_at FROM due WHERE c.id = due.id;
END $$;
GRANT EXECUTE ON FUNCTION strongroom.note_uses(bytea, bigint[]) TO strongroom_system;
