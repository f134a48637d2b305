-- A name is looked for where the caller's credentials are, and not among everybody's of that name: each of those was read and asked the
-- policies before it was hidden. Whoever measured the time learned which names others have, and a name that ten thousand have
-- took half a second of whatever shared a call with it.

DROP INDEX strongroom.user_credentials_name;
CREATE INDEX user_credentials_workspace_name ON strongroom.user_credentials (workspace_id, provider, name)
WHERE workspace_id IS NOT NULL AND is_active;

-- As before, by one index for each way in which a credential can be the caller's (0069 says why arrays of one). The policies hold for
-- what comes of these: a way that is missing here hides rows, and none can show any.
CREATE OR REPLACE FUNCTION strongroom.resolve_credential(of_provider text, of_name text, of_workspace uuid) RETURNS uuid[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN ARRAY(
        SELECT id FROM (
            SELECT way.id, rank() OVER (ORDER BY way.specificity) AS place FROM (
                SELECT c.id, 1 FROM strongroom.user_credentials AS c
                WHERE session_user = 'strongroom_app' AND of_workspace IS NULL
                  AND c.user_id = ANY (ARRAY[(SELECT strongroom.current_user_id())]) AND c.workspace_id IS NULL
                  AND c.provider = of_provider AND c.name = of_name AND c.is_active AND c.scope = 'USER'
                UNION
                SELECT c.id, 1 FROM strongroom.user_credentials AS c
                WHERE session_user = 'strongroom_system' AND of_workspace IS NULL
                  AND c.scope = 'SYSTEM' AND c.provider = of_provider AND c.name = of_name AND c.is_active
                UNION
                SELECT of_one.id, 2 FROM unnest((SELECT strongroom.caller_workspaces('{OWNER,ADMIN}'))::uuid[]) AS w (id)
                CROSS JOIN LATERAL (
                    SELECT c.id FROM strongroom.user_credentials AS c
                    WHERE c.workspace_id = ANY (ARRAY[w.id]) AND c.provider = of_provider AND c.name = of_name AND c.is_active
                    LIMIT 100) AS of_one
                WHERE session_user = 'strongroom_app' AND (of_workspace IS NULL OR w.id = of_workspace)
                UNION
                SELECT c.id, CASE WHEN c.workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN,MEMBER,GUEST}'))::uuid[])
                                  THEN 2 ELSE 3 END
                FROM strongroom.user_credentials AS c
                WHERE session_user = 'strongroom_app' AND c.id = ANY ((SELECT strongroom.caller_grants(NULL))::uuid[])
                  AND c.provider = of_provider AND c.name = of_name AND c.is_active
                  AND (of_workspace IS NULL OR c.workspace_id = of_workspace)
            ) AS way (id, specificity) ORDER BY way.specificity LIMIT 100) AS found
        WHERE place = 1 ORDER BY id);
END $$;

-- As before; and where the reveals of a call have taken long, for whatever reason, those that are left are BUSY, too, and go alone: none
-- waits for what another one costs.
CREATE OR REPLACE FUNCTION strongroom.reveal_together(
    secrets bytea[], requests uuid[], addresses inet[], agents text[], purposes text[], per_minute integer[],
    ids uuid[], providers text[], names text[], workspaces uuid[], versions integer[]
) RETURNS SETOF strongroom.reveal_answer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    done boolean := strongroom.require_provable();
    tokens strongroom.proven_token[];
    token strongroom.proven_token;
    used strongroom.used_minute;
    attempt strongroom.reveal_attempt;
    attempts strongroom.reveal_attempt[];
    callers uuid[];
    late timestamptz := clock_timestamp() + interval '1 second';
    is_counted boolean;
BEGIN
    IF NOT strongroom.nobody_was_proven() THEN
        RAISE EXCEPTION 'another caller is proven in this transaction' USING ERRCODE = 'SR401';
    END IF;
    IF num_nulls(secrets, requests, addresses, agents, purposes, per_minute, ids, providers, names, workspaces, versions) > 0
       OR cardinality(secrets) NOT BETWEEN 1 AND 32
       OR cardinality(secrets) <> ANY (ARRAY[cardinality(requests), cardinality(addresses), cardinality(agents), cardinality(purposes),
              cardinality(per_minute), cardinality(ids), cardinality(providers), cardinality(names), cardinality(workspaces), cardinality(versions)])
       OR NOT purposes <@ '{REVEAL,USE,RESTORE}' OR array_position(purposes, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'not a purpose, or not 1 to 32 reveals' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    tokens := strongroom.live_tokens(secrets);
    FOR i IN 1 .. cardinality(secrets) LOOP
        token := tokens[i];
        attempt := NULL;
        IF token.id IS NULL THEN
            attempt.outcome := 'UNAUTHENTICATED';
        ELSIF i > 1 AND clock_timestamp() > late THEN
            attempt.outcome := 'BUSY';
        ELSE
            -- Each statement in here is one of its own and has ended, so that none sees two callers.
            done := strongroom.hold_caller(token);
            used := ROW(0, NULL, false);
            is_counted := true;
            IF per_minute[i] IS NOT NULL THEN
                -- What is not written yet would not be counted.
                IF token.user_id = ANY (callers) THEN
                    done := strongroom.record_reveals(attempts);
                    attempts := NULL;
                    callers := NULL;
                END IF;
                PERFORM FROM strongroom.users AS u WHERE u.id = token.user_id FOR NO KEY UPDATE SKIP LOCKED;
                is_counted := FOUND;
                IF is_counted THEN
                    used := strongroom.used_minute(token.user_id, purposes[i], per_minute[i]);
                END IF;
            END IF;
            IF is_counted THEN
                attempt := strongroom.attempt_reveal(token, requests[i], addresses[i], agents[i], purposes[i], per_minute[i], used,
                                                     ids[i], providers[i], names[i], workspaces[i], versions[i]);
                attempts := attempts || attempt;
                callers := callers || token.user_id;
            ELSE
                attempt.outcome := 'BUSY';
            END IF;
        END IF;
        RETURN NEXT ROW(i, attempt.outcome, CASE attempt.outcome WHEN 'FORBIDDEN' THEN attempt.reason END, attempt.retry_after_seconds,
                        attempt.encrypted_value, attempt.id, attempt.user_id, attempt.workspace_id, attempt.scope::text,
                        attempt.version)::strongroom.reveal_answer;
    END LOOP;
    done := strongroom.record_reveals(attempts);
    -- It has an id also where no secret was anybody's: nobody is proven in it any more.
    done := setval('strongroom.caller_since', -(pg_current_xact_id()::text::bigint)) < 0 AND set_config('strongroom.proven', '', true) = '';
END $$;
