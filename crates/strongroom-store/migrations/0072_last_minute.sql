-- What the last minute had is looked for in the last minute. clock_timestamp() is volatile: in a condition, PostgreSQL computes it
-- anew for each row, and so not for an index, which it walked through all that the actor had ever done. Each reveal under a limit did,
-- and each look at the record: a second, where he had a million rows. A variable is computed once, and is a condition of the index.
-- Between two ends, because a plan for all values takes what has one end for a third of the table, and reads all of it.

CREATE OR REPLACE FUNCTION strongroom.used_minute(caller uuid, purpose text, per_minute integer) RETURNS strongroom.used_minute
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    a_minute_ago timestamptz := clock_timestamp() - interval '1 minute';
    used strongroom.used_minute;
BEGIN
    SELECT count(*), min(occurred_at), false INTO used FROM (
        SELECT l.occurred_at FROM strongroom.activity_logs AS l
        WHERE l.actor_id = caller AND l.occurred_at BETWEEN a_minute_ago AND 'infinity'
          AND l.action = strongroom.reveal_action(purpose) AND l.reason IS DISTINCT FROM 'RATE_LIMITED'
        ORDER BY l.occurred_at DESC LIMIT per_minute) AS recent;
    RETURN used;
END $$;

CREATE OR REPLACE FUNCTION strongroom.limit_is_told(caller uuid, kind strongroom.activity_action) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    a_minute_ago timestamptz := clock_timestamp() - interval '1 minute';
BEGIN
    RETURN EXISTS (SELECT FROM strongroom.activity_logs AS l
                   WHERE l.actor_id = caller AND l.occurred_at BETWEEN a_minute_ago AND 'infinity'
                     AND l.action = kind AND l.reason = 'RATE_LIMITED');
END $$;

CREATE OR REPLACE FUNCTION strongroom.record_reading(reading strongroom.activity_action, filter text, workspace uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    a_minute_ago timestamptz := clock_timestamp() - interval '1 minute';
    caller uuid := strongroom.current_user_id();
    administered uuid := CASE WHEN session_user = 'strongroom_app' AND workspace = ANY (strongroom.caller_workspaces('{OWNER,ADMIN}'))
                              THEN workspace END;
    read_scope strongroom.credential_scope :=
        CASE WHEN session_user = 'strongroom_system' AND strongroom.caller_is_admin() THEN 'SYSTEM' END;
    words text := nullif(left(filter, 255), '');
BEGIN
    -- No caller has no full token.
    IF coalesce(reading NOT IN ('RECORD_READ', 'RECORD_EXPORTED'), true) OR NOT strongroom.token_is_full() THEN
        RAISE EXCEPTION 'that is no reading of the record' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF reading = 'RECORD_READ' AND EXISTS (
        SELECT FROM strongroom.activity_logs AS l
        WHERE l.actor_id = caller AND l.occurred_at BETWEEN a_minute_ago AND 'infinity' AND l.action = reading
          AND (l.name, l.workspace_id, l.scope) IS NOT DISTINCT FROM (words, administered, read_scope)) THEN
        RETURN;
    END IF;
    -- The record as a whole has no id.
    INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, workspace_id, scope, name)
    VALUES (reading, caller, 'RECORD', coalesce(administered, '00000000-0000-0000-0000-000000000000'), administered, read_scope, words);
END $$;

CREATE OR REPLACE FUNCTION strongroom.record_denial(workspace uuid, attempt strongroom.activity_action) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    a_minute_ago timestamptz := clock_timestamp() - interval '1 minute';
BEGIN
    PERFORM FROM strongroom.users AS u WHERE u.id = strongroom.current_user_id() FOR NO KEY UPDATE;
    INSERT INTO strongroom.activity_logs (action, outcome, reason, actor_id, entity_type, entity_id, workspace_id)
    SELECT attempt, 'DENIED', 'ROLE', strongroom.current_user_id(), 'WORKSPACE', workspace, workspace
    WHERE workspace = ANY (strongroom.caller_workspaces('{OWNER,ADMIN,MEMBER,GUEST}'))
      AND attempt IN ('CREDENTIAL_CREATED', 'MEMBER_ADDED', 'MEMBER_CHANGED', 'MEMBER_REMOVED', 'WORKSPACE_RENAMED',
                      'WORKSPACE_DELETED', 'SERVICE_ACCOUNT_CREATED', 'SERVICE_ACCOUNT_DISABLED', 'TOKEN_CREATED',
                      'TOKEN_REVOKED', 'TRUST_RULE_CREATED', 'TRUST_RULE_REMOVED')
      AND NOT EXISTS (
          SELECT FROM strongroom.activity_logs AS l
          WHERE l.actor_id = strongroom.current_user_id() AND l.occurred_at BETWEEN a_minute_ago AND 'infinity'
            AND l.outcome = 'DENIED' AND l.action = attempt AND l.workspace_id = workspace);
END $$;

CREATE OR REPLACE FUNCTION strongroom.record_refused_exchange(
    server_secret bytea, account uuid, refusal text, claimed text, request uuid, address inet, agent text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    a_minute_ago timestamptz := clock_timestamp() - interval '1 minute';
    workspace uuid;
BEGIN
    PERFORM strongroom.require_server(server_secret);
    PERFORM strongroom.describe_request(request, address, agent);
    -- The lock makes those that come at once count each other.
    SELECT u.workspace_id INTO workspace FROM strongroom.users AS u
    WHERE u.id = account AND u.workspace_id IS NOT NULL FOR NO KEY UPDATE;
    INSERT INTO strongroom.activity_logs (action, outcome, reason, actor_id, entity_type, entity_id, owner_id, workspace_id, name)
    SELECT 'TOKEN_EXCHANGED', 'DENIED', refusal, account, 'SERVICE_ACCOUNT', account, account, workspace, left(claimed, 255)
    WHERE workspace IS NOT NULL AND NOT EXISTS (
        SELECT FROM strongroom.activity_logs AS l
        WHERE l.actor_id = account AND l.occurred_at BETWEEN a_minute_ago AND 'infinity'
          AND l.outcome = 'DENIED' AND l.action = 'TOKEN_EXCHANGED');
END $$;

CREATE OR REPLACE FUNCTION strongroom.count_failed_sign_in(counters bytea[]) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    six_hours_ago timestamptz := clock_timestamp() - interval '6 hours';
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
        WHERE old.failed_at < six_hours_ago LIMIT 100 FOR UPDATE SKIP LOCKED);
END $$;
