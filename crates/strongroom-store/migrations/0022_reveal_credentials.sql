-- Values leave here, and nowhere else: up to a hundred in one statement, and so in one round trip and one commit. Prove the
-- caller, find each row under his policies, count his attempts, write a record each, hand out the envelopes. Runs as the
-- owner, whom row-level security binds like everybody else (FORCE), by the policy `reveal`.
-- A value is revealed for a person's eyes (REVEAL) or used by a program (USE), recorded apart and limited apart;
-- RESTORE is for the server, which seals an earlier value anew and shows it to nobody.

DROP FUNCTION strongroom.reveal_credential(bytea, uuid, integer, uuid);

-- The caller's most specific active credentials of that provider and name: his own, else of a workspace that he is a
-- member of, as far as he sees them, else what others have granted him: a name that somebody shares with him does not come
-- before one of his workspace's. More than one id: they are equally specific, and he has to choose. Runs as whoever calls.
CREATE FUNCTION strongroom.resolve_credential(of_provider text, of_name text, of_workspace uuid) RETURNS uuid[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN ARRAY(
        SELECT id FROM (
            SELECT c.id, rank() OVER (ORDER BY CASE
                WHEN c.scope = 'SYSTEM' OR (c.scope = 'USER' AND c.user_id = (SELECT strongroom.current_user_id())) THEN 1
                WHEN c.workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN,MEMBER,GUEST}'))::uuid[]) THEN 2
                ELSE 3 END) AS specificity
            FROM strongroom.user_credentials AS c
            WHERE c.provider = of_provider AND c.name = of_name AND c.is_active
              AND (of_workspace IS NULL OR c.workspace_id = of_workspace)
            ORDER BY specificity LIMIT 100) AS found
        WHERE specificity = 1 ORDER BY id);
END $$;
GRANT EXECUTE ON FUNCTION strongroom.resolve_credential(text, text, uuid) TO strongroom_app, strongroom_system;

-- One row for each that was asked for, in that order. The envelope comes with ALLOWED alone. The others: NOT_FOUND (or not
-- to be known of), AMBIGUOUS, REVOKED, PURGED, FORBIDDEN, RATE_LIMITED. An id names a credential, or else provider and name
-- do; a version is a former one, or NULL for the current. per_minute is the caller's limit for that purpose; NULL: none.
CREATE FUNCTION strongroom.reveal_credentials(
    secret bytea, request uuid, address inet, agent text, purpose text, per_minute integer,
    ids uuid[], providers text[], names text[], workspaces uuid[], versions integer[]
) RETURNS TABLE ("position" integer, outcome text, reason text, retry_after_seconds integer, encrypted_value text,
                 id uuid, user_id uuid, workspace_id uuid, scope text, version integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    caller uuid := strongroom.prove_request(secret, request, address, agent);
    token strongroom.api_tokens;
    needed strongroom.token_action := CASE purpose WHEN 'RESTORE' THEN 'MANAGE' ELSE purpose END;
    kind strongroom.activity_action := CASE purpose WHEN 'REVEAL' THEN 'CREDENTIAL_ACCESSED' WHEN 'USE' THEN 'CREDENTIAL_USED'
                                                    WHEN 'RESTORE' THEN 'CREDENTIAL_VERSION_RESTORED' END;
    attempts integer := 0;
    oldest timestamptz;
    candidates uuid[];
    found_row strongroom.user_credentials;
    former strongroom.credential_versions;
    envelope text;
    wanted integer;
    permitted text[];
BEGIN
    IF kind IS NULL OR cardinality(ids) NOT BETWEEN 1 AND 100 OR num_nulls(ids, providers, names, workspaces, versions) > 0 THEN
        RAISE EXCEPTION 'not a purpose, or not 1 to 100 credentials' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT * INTO STRICT token FROM strongroom.api_tokens AS t WHERE t.id = strongroom.current_token_id();
    IF per_minute IS NOT NULL THEN
        -- One caller's attempts are counted one after the other; others do not wait. Not an advisory lock, which any
        -- login could take and keep.
        PERFORM FROM strongroom.users AS u WHERE u.id = caller FOR NO KEY UPDATE;
        SELECT count(*), min(occurred_at) INTO attempts, oldest FROM (
            SELECT l.occurred_at FROM strongroom.activity_logs AS l
            WHERE l.actor_id = caller AND l.occurred_at > clock_timestamp() - interval '1 minute'
              AND l.action = kind AND l.reason IS DISTINCT FROM 'RATE_LIMITED'
            ORDER BY l.occurred_at DESC LIMIT per_minute) AS recent;
    END IF;
    FOR "position" IN 1 .. cardinality(ids) LOOP
        candidates := CASE WHEN ids["position"] IS NOT NULL THEN ARRAY[ids["position"]]
                           ELSE strongroom.resolve_credential(providers["position"], names["position"], coalesce(workspaces["position"], token.workspace_id)) END;
        found_row := NULL; former := NULL; envelope := NULL; outcome := NULL; reason := NULL; retry_after_seconds := NULL;
        SELECT * INTO found_row FROM strongroom.user_credentials AS c
        WHERE c.id = ANY (candidates) AND (token.workspace_id IS NULL OR c.workspace_id = token.workspace_id)
          AND (token.provider IS NULL OR c.provider = token.provider)
        ORDER BY c.id LIMIT 1;
        IF found_row.id IS NULL OR cardinality(candidates) > 1 THEN
            RETURN QUERY SELECT "position", CASE WHEN found_row.id IS NULL THEN 'NOT_FOUND' ELSE 'AMBIGUOUS' END,
                NULL::text, NULL::integer, NULL::text, NULL::uuid, NULL::uuid, NULL::uuid, NULL::text, NULL::integer;
            CONTINUE;
        END IF;
        permitted := CASE WHEN (found_row.scope = 'SYSTEM' AND strongroom.caller_is_admin()) OR (found_row.scope = 'USER' AND found_row.user_id = caller)
                            OR found_row.workspace_id = ANY (strongroom.caller_workspaces('{OWNER,ADMIN}'))
                          THEN '{USE,REVEAL,MANAGE}' ELSE strongroom.granted_permissions(found_row.id)::text[] END;
        -- The proof may have ended while this waited for a lock; what was found since is not to be told.
        IF strongroom.current_user_id() IS DISTINCT FROM caller THEN
            RAISE EXCEPTION 'the caller is not proven' USING ERRCODE = 'SR401';
        END IF;
        wanted := coalesce(versions["position"], found_row.version);
        envelope := found_row.encrypted_value;
        IF wanted <> found_row.version THEN
            SELECT * INTO former FROM strongroom.credential_versions AS v
            WHERE v.credential_id = found_row.id AND v.version = wanted;
            envelope := former.encrypted_value;
        END IF;
        -- reason is what the record keeps of a refusal.
        reason := CASE
            WHEN attempts >= per_minute THEN 'RATE_LIMITED'
            WHEN NOT coalesce(needed = ANY (token.actions), false) THEN 'TOKEN_SCOPE'
            WHEN NOT needed::text = ANY (permitted) THEN 'PERMISSION'
            WHEN wanted <> found_row.version AND former.version IS NULL THEN 'NO_SUCH_VERSION'
            -- A former value answers in its grace; after that, to those that manage the credential.
            WHEN wanted <> found_row.version AND NOT coalesce(former.answers_until > clock_timestamp(), false)
                 AND NOT ('MANAGE' = ANY (permitted) AND 'MANAGE' = ANY (token.actions)) THEN 'GRACE_OVER'
            WHEN envelope IS NULL THEN 'PURGED'
            WHEN NOT found_row.is_active THEN 'REVOKED' END;
        outcome := CASE WHEN reason IS NULL THEN 'ALLOWED' WHEN reason IN ('RATE_LIMITED', 'PURGED', 'REVOKED') THEN reason
                        WHEN reason = 'NO_SUCH_VERSION' THEN 'NOT_FOUND' ELSE 'FORBIDDEN' END;
        -- Of the attempts above the limit, the first of a minute is recorded: whoever hammers cannot fill the log.
        IF reason IS DISTINCT FROM 'RATE_LIMITED' OR NOT EXISTS (
            SELECT FROM strongroom.activity_logs AS l
            WHERE l.actor_id = caller AND l.occurred_at > clock_timestamp() - interval '1 minute'
              AND l.action = kind AND l.reason = 'RATE_LIMITED') THEN
            INSERT INTO strongroom.activity_logs
                (action, outcome, reason, actor_id, entity_type, entity_id, owner_id, workspace_id, scope, provider, name, version)
            VALUES (kind, CASE WHEN reason IS NULL THEN 'ALLOWED' ELSE 'DENIED' END::strongroom.activity_outcome, reason,
                    caller, 'CREDENTIAL', found_row.id, found_row.user_id, found_row.workspace_id, found_row.scope,
                    found_row.provider, found_row.name, wanted);
        END IF;
        IF reason IS DISTINCT FROM 'RATE_LIMITED' THEN
            attempts := attempts + 1;
            oldest := coalesce(oldest, clock_timestamp());
        END IF;
        IF outcome = 'ALLOWED' AND purpose <> 'RESTORE' THEN
            -- To the minute: a row that many read is not rewritten by each of them. Nor is one waited for that somebody
            -- is changing.
            UPDATE strongroom.user_credentials AS c SET last_used_at = clock_timestamp()
            WHERE c.id = (SELECT l.id FROM strongroom.user_credentials AS l
                          WHERE l.id = found_row.id AND coalesce(l.last_used_at < clock_timestamp() - interval '1 minute', true)
                          FOR NO KEY UPDATE SKIP LOCKED);
        END IF;
        RETURN QUERY SELECT "position", outcome, CASE outcome WHEN 'FORBIDDEN' THEN reason END,
            CASE outcome WHEN 'RATE_LIMITED'
                THEN greatest(1, ceil(extract(epoch FROM oldest + interval '1 minute' - clock_timestamp())))::integer END,
            CASE outcome WHEN 'ALLOWED' THEN envelope END,
            found_row.id, found_row.user_id, found_row.workspace_id, found_row.scope::text, wanted;
    END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION strongroom.reveal_credentials(bytea, uuid, inet, text, text, integer, uuid[], text[], text[], uuid[], integer[])
TO strongroom_app, strongroom_system;
