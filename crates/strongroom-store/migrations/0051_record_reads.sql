-- Reading the record is recorded too, in the transaction of the read. And whatever is asked of one thing is found.

CREATE INDEX activity_logs_entity ON strongroom.activity_logs (entity_id, id DESC);

-- A read belongs to the workspace that it was limited to and that the reader administers, or to the instance where an
-- administrator reads on the admin path: whoever could have read the same sees that it was read. Else it is his own.
-- Of reads alike, the first of a minute is recorded; each export is.
CREATE FUNCTION strongroom.record_reading(reading strongroom.activity_action, filter text, workspace uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
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
        WHERE l.actor_id = caller AND l.occurred_at > clock_timestamp() - interval '1 minute' AND l.action = reading
          AND (l.name, l.workspace_id, l.scope) IS NOT DISTINCT FROM (words, administered, read_scope)) THEN
        RETURN;
    END IF;
    -- The record as a whole has no id.
    INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, workspace_id, scope, name)
    VALUES (reading, caller, 'RECORD', coalesce(administered, '00000000-0000-0000-0000-000000000000'), administered, read_scope, words);
END $$;
GRANT EXECUTE ON FUNCTION strongroom.record_reading(strongroom.activity_action, text, uuid) TO strongroom_app, strongroom_system;
