-- A reveal in one statement, and so in one round trip and one commit: prove the caller, look the row up under his
-- policies, count his attempts, write the record, hand out the envelope. The only way to an envelope. Runs as the owner,
-- whom row-level security binds like everybody else (FORCE), by the policy `reveal`.

-- No row: the caller may not know of the credential. Otherwise one, whose outcome is ALLOWED, REVOKED or
-- RATE_LIMITED; the envelope comes with ALLOWED alone. per_minute is the caller's limit; NULL: none.
CREATE FUNCTION strongroom.reveal_credential(secret bytea, credential uuid, per_minute integer, request uuid)
RETURNS TABLE (outcome text, retry_after_seconds integer, encrypted_value text,
               user_id uuid, workspace_id uuid, scope text, version integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    caller uuid := strongroom.prove_caller(secret);
    found_row strongroom.user_credentials;
    verdict text := 'ALLOWED';
    attempts integer := 0;
    oldest timestamptz;
BEGIN
    SELECT * INTO found_row FROM strongroom.user_credentials AS c WHERE c.id = credential;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF per_minute IS NOT NULL THEN
        -- One caller's attempts are counted one after the other; others do not wait. Not an advisory lock, which any
        -- login could take and keep.
        PERFORM FROM strongroom.users AS u WHERE u.id = caller FOR NO KEY UPDATE;
        SELECT count(*), min(occurred_at) INTO attempts, oldest FROM (
            SELECT l.occurred_at FROM strongroom.activity_logs AS l
            WHERE l.actor_id = caller AND l.occurred_at > clock_timestamp() - interval '1 minute'
              AND l.action = 'CREDENTIAL_ACCESSED' AND l.reason IS DISTINCT FROM 'RATE_LIMITED'
            ORDER BY l.occurred_at DESC LIMIT per_minute) AS recent;
    END IF;
    IF attempts >= per_minute THEN
        verdict := 'RATE_LIMITED';
    ELSIF NOT found_row.is_active THEN
        verdict := 'REVOKED';
    END IF;
    -- Of the attempts above the limit, the first of a minute is recorded: whoever hammers cannot fill the log.
    IF verdict <> 'RATE_LIMITED' OR NOT EXISTS (
        SELECT FROM strongroom.activity_logs AS l
        WHERE l.actor_id = caller AND l.occurred_at > clock_timestamp() - interval '1 minute'
          AND l.action = 'CREDENTIAL_ACCESSED' AND l.reason = 'RATE_LIMITED') THEN
        INSERT INTO strongroom.activity_logs
            (action, outcome, reason, actor_id, entity_type, entity_id, owner_id, workspace_id, scope,
             provider, name, version, request_id)
        VALUES ('CREDENTIAL_ACCESSED',
                CASE verdict WHEN 'ALLOWED' THEN 'ALLOWED' ELSE 'DENIED' END::strongroom.activity_outcome,
                nullif(verdict, 'ALLOWED'), caller, 'CREDENTIAL', credential, found_row.user_id,
                found_row.workspace_id, found_row.scope, found_row.provider, found_row.name, found_row.version, request);
    END IF;
    IF verdict = 'ALLOWED' THEN
        -- To the minute: a row that many read is not rewritten by each of them. Nor is one waited for that somebody
        -- is changing.
        UPDATE strongroom.user_credentials AS c SET last_used_at = clock_timestamp()
        WHERE c.id = (SELECT l.id FROM strongroom.user_credentials AS l
                      WHERE l.id = credential AND coalesce(l.last_used_at < clock_timestamp() - interval '1 minute', true)
                      FOR NO KEY UPDATE SKIP LOCKED);
    END IF;
    RETURN QUERY SELECT verdict,
        CASE verdict WHEN 'RATE_LIMITED'
            THEN greatest(1, ceil(extract(epoch FROM oldest + interval '1 minute' - clock_timestamp())))::integer END,
        CASE verdict WHEN 'ALLOWED' THEN found_row.encrypted_value END,
        found_row.user_id, found_row.workspace_id, found_row.scope::text, found_row.version;
END $$;
GRANT EXECUTE ON FUNCTION strongroom.reveal_credential(bytea, uuid, integer, uuid) TO strongroom_app, strongroom_system;
