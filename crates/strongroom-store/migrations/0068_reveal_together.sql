-- Reveals that arrive together share a statement, a transaction and so a commit (docs/adr/0010-reveals-together.md). Each has
-- its own caller, who is proven for himself, and its own record. One alone is cheaper, too: what it needs is read once.

-- The stamp in the registers is the transaction's id from here on, and not its beginning: two transactions of one message begin at
-- the same moment, and in the second, the first one's caller would be there although nobody had been proven in it. Each proof takes
-- the id before it touches the registers, so that where there is none, there is no caller either. A stamp below zero is that of a
-- transaction whose callers reveal_together() has proven, or of one cut off in a proof: it has no caller, and gets none.
CREATE OR REPLACE FUNCTION strongroom.current_user_id() RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- The setting proves nothing. It ends with its savepoint, as registers do not, and spares whoever never proved anybody an error.
    IF nullif(current_setting('strongroom.proven', true), '') IS NULL OR pg_current_xact_id_if_assigned() IS NULL
       OR current_setting('transaction_isolation') <> 'read committed'
       OR currval('strongroom.caller_since') IS DISTINCT FROM pg_current_xact_id_if_assigned()::text::bigint
       OR clock_timestamp() > now() + interval '5 minutes' THEN
        RETURN NULL;
    END IF;
    RETURN (lpad(to_hex(currval('strongroom.caller_high')), 16, '0')
         || lpad(to_hex(currval('strongroom.caller_low')), 16, '0'))::uuid;
END $$;

CREATE OR REPLACE FUNCTION strongroom.nobody_was_proven() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF pg_current_xact_id_if_assigned() IS NULL THEN
        RETURN true;
    END IF;
    BEGIN
        RETURN abs(currval('strongroom.caller_since')) <> pg_current_xact_id_if_assigned()::text::bigint;
    EXCEPTION WHEN object_not_in_prerequisite_state THEN
        RETURN false; -- The registers are empty.
    END;
END $$;

-- What follows runs as the owner, inside the functions at the end, and has their search_path: no runtime role may call it.

-- What a proof finds of a token.
CREATE TYPE strongroom.proven_token AS (
    id uuid, user_id uuid, workspace_id uuid, provider text, actions strongroom.token_action[], last_used_at timestamptz
);

-- The live token with that secret. A part of the statements that call it. LIMIT has it looked up by its hash, whatever the planner
-- thinks of how many secrets there are, and how many tokens.
CREATE FUNCTION strongroom.live_token(secret bytea) RETURNS SETOF strongroom.proven_token
LANGUAGE sql STABLE AS $$
    SELECT t.id, t.user_id, t.workspace_id, t.provider::text, t.actions, u.last_used_at
    FROM strongroom.api_tokens AS t JOIN strongroom.token_uses AS u ON u.token_id = t.id
    WHERE t.token_hash = sha256(secret) AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp()
      AND coalesce(coalesce(u.last_used_at, t.created_at) + t.idle_timeout > clock_timestamp(), true)
      AND substring(secret, 1, 16) = uuid_send(t.user_id)
    LIMIT 1
$$;

-- The live token of each secret, in their order; NULL where there is none.
CREATE FUNCTION strongroom.live_tokens(secrets bytea[]) RETURNS strongroom.proven_token[]
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN ARRAY(SELECT token FROM unnest(secrets) WITH ORDINALITY AS asked (secret, place)
                 LEFT JOIN LATERAL strongroom.live_token(asked.secret) AS token ON true ORDER BY asked.place);
END $$;

-- True, or an error where no caller can be proven: an older snapshot would still hold the token that was revoked, or the membership that
-- ended; and a transaction that has been open for longer than a proof lasts has no use for one.
CREATE FUNCTION strongroom.require_provable() RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'a caller is proven at isolation level read committed only' USING ERRCODE = 'invalid_transaction_state';
    END IF;
    IF clock_timestamp() > now() + interval '5 minutes' THEN
        RAISE EXCEPTION 'the caller is not proven' USING ERRCODE = 'SR401';
    END IF;
    RETURN true;
END $$;

-- Makes that token's user the caller. Whoever calls it has seen to it that no statement is halfway with another one.
CREATE FUNCTION strongroom.hold_caller(token strongroom.proven_token) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    bits bit(256) := ('x' || encode(uuid_send(token.user_id) || uuid_send(token.id), 'hex'))::bit(256);
    stamp bigint := pg_current_xact_id()::text::bigint;
    registers bigint[];
    settings text[];
BEGIN
    -- To the minute, and without a wait for whoever is at it already.
    IF coalesce(token.last_used_at < clock_timestamp() - interval '1 minute', true) THEN
        UPDATE strongroom.token_uses AS u SET last_used_at = clock_timestamp()
        WHERE u.token_id = (SELECT l.token_id FROM strongroom.token_uses AS l WHERE l.token_id = token.id FOR NO KEY UPDATE SKIP LOCKED);
    END IF;
    -- Whoever is cut off in between is nobody. Assigned, and not performed: an expression costs a tenth of a statement.
    registers := ARRAY[setval('strongroom.caller_since', -stamp),
                       setval('strongroom.caller_high', substring(bits, 1, 64)::bigint),
                       setval('strongroom.caller_low', substring(bits, 65, 64)::bigint),
                       setval('strongroom.token_high', substring(bits, 129, 64)::bigint),
                       setval('strongroom.token_low', substring(bits, 193, 64)::bigint),
                       setval('strongroom.caller_since', stamp)];
    -- A role may change its own defaults (ALTER ROLE … SET): what a record rests on is set here, for this transaction.
    -- What is recorded is on disk, and nobody who holds a lock keeps a caller waiting for long.
    IF current_setting('strongroom.proven', true) IS DISTINCT FROM 'yes' OR current_setting('lock_timeout') <> '5s'
       OR current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
        settings := ARRAY[set_config('strongroom.proven', 'yes', true), set_config('lock_timeout', '5s', true),
            CASE WHEN current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN set_config('synchronous_commit', 'on', true) END];
    END IF;
    RETURN true;
END $$;

-- Proves the one caller of a transaction.
CREATE FUNCTION strongroom.prove_token(secret bytea) RETURNS strongroom.proven_token
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    done boolean := strongroom.require_provable();
    token strongroom.proven_token;
BEGIN
    SELECT * INTO token FROM strongroom.live_token(secret);
    IF token.id IS NULL THEN
        RAISE EXCEPTION 'the caller is not proven' USING ERRCODE = 'SR401';
    END IF;
    -- One caller a transaction: policies ask their helpers once a statement, and a statement in which the caller changed
    -- would be judged by the one and done by the other. The registers remember what a rollback to a savepoint forgets; where
    -- they are empty, and the transaction has an id, currval() fails.
    IF NOT strongroom.nobody_was_proven()
       AND (currval('strongroom.caller_since') < 0
            OR token.id IS DISTINCT FROM (lpad(to_hex(currval('strongroom.token_high')), 16, '0')
                                       || lpad(to_hex(currval('strongroom.token_low')), 16, '0'))::uuid) THEN
        RAISE EXCEPTION 'another caller is proven in this transaction' USING ERRCODE = 'SR401';
    END IF;
    done := strongroom.hold_caller(token);
    RETURN token;
END $$;

-- Not STRICT: no secret is a wrong one, and refused, and nobody goes on without a caller. What is asked is the same each time: planned
-- once, and not for each secret, which took as long as the proof.
CREATE OR REPLACE FUNCTION strongroom.prove_caller(secret bytea) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN (strongroom.prove_token(secret)).user_id;
END $$;

-- Notes the request, for whatever is recorded in this transaction. It proves nothing.
CREATE FUNCTION strongroom.note_request(request uuid, address inet, agent text) RETURNS text[]
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN ARRAY[set_config('strongroom.request_id', coalesce(request::text, ''), true),
                 set_config('strongroom.client_address', coalesce(host(address), ''), true),
                 set_config('strongroom.user_agent', coalesce(left(agent, 255), ''), true)];
END $$;

CREATE OR REPLACE FUNCTION strongroom.describe_request(request uuid, address inet, agent text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM strongroom.note_request(request, address, agent);
END $$;

-- describe_request() and prove_caller() in one.
CREATE OR REPLACE FUNCTION strongroom.prove_request(secret bytea, request uuid, address inet, agent text) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    noted text[] := strongroom.note_request(request, address, agent);
BEGIN
    RETURN (strongroom.prove_token(secret)).user_id;
END $$;

CREATE FUNCTION strongroom.reveal_action(purpose text) RETURNS strongroom.activity_action
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE purpose WHEN 'REVEAL' THEN 'CREDENTIAL_ACCESSED'::strongroom.activity_action
                        WHEN 'USE' THEN 'CREDENTIAL_USED'::strongroom.activity_action
                        WHEN 'RESTORE' THEN 'CREDENTIAL_VERSION_RESTORED'::strongroom.activity_action END
$$;

-- How much of his minute a caller has used up for a purpose, and since when; and whether a refusal for that is about to be recorded.
CREATE TYPE strongroom.used_minute AS (attempts integer, oldest timestamptz, is_told boolean);

-- As far as the limit goes. One caller's attempts are counted one after the other, by whoever has locked his row.
CREATE FUNCTION strongroom.used_minute(caller uuid, purpose text, per_minute integer) RETURNS strongroom.used_minute
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    used strongroom.used_minute;
BEGIN
    SELECT count(*), min(occurred_at), false INTO used FROM (
        SELECT l.occurred_at FROM strongroom.activity_logs AS l
        WHERE l.actor_id = caller AND l.occurred_at > clock_timestamp() - interval '1 minute'
          AND l.action = strongroom.reveal_action(purpose) AND l.reason IS DISTINCT FROM 'RATE_LIMITED'
        ORDER BY l.occurred_at DESC LIMIT per_minute) AS recent;
    RETURN used;
END $$;

-- Whether the record of the last minute says already that he was refused for the limit.
CREATE FUNCTION strongroom.limit_is_told(caller uuid, kind strongroom.activity_action) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM strongroom.activity_logs AS l
                   WHERE l.actor_id = caller AND l.occurred_at > clock_timestamp() - interval '1 minute'
                     AND l.action = kind AND l.reason = 'RATE_LIMITED');
END $$;

-- What reveal_credentials() says of one credential. No id: nothing was found, and so nothing recorded or counted.
CREATE TYPE strongroom.reveal_answer AS (
    "position" integer, outcome text, reason text, retry_after_seconds integer, encrypted_value text,
    id uuid, user_id uuid, workspace_id uuid, scope text, version integer
);

-- What became of one attempt: what is answered, and what the record is to say.
CREATE TYPE strongroom.reveal_attempt AS (
    outcome text, reason text, retry_after_seconds integer, encrypted_value text,
    id uuid, user_id uuid, workspace_id uuid, scope strongroom.credential_scope, provider text, name text, version integer,
    action strongroom.activity_action, actor_id uuid, token_id uuid, request_id uuid, address inet, user_agent text, is_recorded boolean
);

-- Finds one credential under the policies of the caller who is proven. Whoever calls this writes the record.
CREATE FUNCTION strongroom.attempt_reveal(
    token strongroom.proven_token, request uuid, address inet, agent text, purpose text,
    per_minute integer, used strongroom.used_minute,
    of_id uuid, of_provider text, of_name text, of_workspace uuid, of_version integer
) RETURNS strongroom.reveal_attempt
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    needed strongroom.token_action := CASE purpose WHEN 'RESTORE' THEN 'MANAGE' ELSE purpose END;
    kind strongroom.activity_action := strongroom.reveal_action(purpose);
    candidates uuid[] := CASE WHEN of_id IS NOT NULL THEN ARRAY[of_id]
        ELSE strongroom.resolve_credential(of_provider, of_name, coalesce(of_workspace, token.workspace_id)) END;
    found_row record;
    former strongroom.credential_versions;
    permitted text[];
    reason text;
    outcome text;
BEGIN
    SELECT c.id, c.user_id, c.workspace_id, c.scope, c.provider, c.name, c.version, c.is_active, c.encrypted_value,
           coalesce(of_version, c.version) AS wanted INTO found_row
    FROM strongroom.user_credentials AS c
    WHERE c.id = ANY (candidates) AND (token.workspace_id IS NULL OR c.workspace_id = token.workspace_id)
      AND (token.provider IS NULL OR c.provider = token.provider)
    ORDER BY c.id LIMIT 1;
    IF found_row.id IS NULL OR cardinality(candidates) > 1 THEN
        RETURN ROW(CASE WHEN found_row.id IS NULL THEN 'NOT_FOUND' ELSE 'AMBIGUOUS' END, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                   NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false)::strongroom.reveal_attempt;
    END IF;
    permitted := CASE WHEN (found_row.scope = 'SYSTEM' AND strongroom.caller_is_admin())
                        OR (found_row.scope = 'USER' AND found_row.user_id = token.user_id)
                        OR found_row.workspace_id = ANY (strongroom.caller_workspaces('{OWNER,ADMIN}'))
                      THEN '{USE,REVEAL,MANAGE}' ELSE strongroom.granted_permissions(found_row.id)::text[] END;
    IF found_row.wanted <> found_row.version THEN
        SELECT * INTO former FROM strongroom.credential_versions AS v
        WHERE v.credential_id = found_row.id AND v.version = found_row.wanted;
        found_row.encrypted_value := former.encrypted_value;
    END IF;
    -- What the record keeps of a refusal.
    reason := CASE
        WHEN used.attempts >= per_minute THEN 'RATE_LIMITED'
        WHEN NOT coalesce(needed = ANY (token.actions), false) THEN 'TOKEN_SCOPE'
        WHEN NOT needed::text = ANY (permitted) THEN 'PERMISSION'
        WHEN found_row.wanted <> found_row.version AND former.version IS NULL THEN 'NO_SUCH_VERSION'
        -- A former value answers in its grace; after that, to those that manage the credential.
        WHEN found_row.wanted <> found_row.version AND NOT coalesce(former.answers_until > clock_timestamp(), false)
             AND NOT ('MANAGE' = ANY (permitted) AND 'MANAGE' = ANY (token.actions)) THEN 'GRACE_OVER'
        WHEN found_row.encrypted_value IS NULL THEN 'PURGED'
        WHEN NOT found_row.is_active THEN 'REVOKED' END;
    outcome := CASE WHEN reason IS NULL THEN 'ALLOWED' WHEN reason IN ('RATE_LIMITED', 'PURGED', 'REVOKED') THEN reason
                    WHEN reason = 'NO_SUCH_VERSION' THEN 'NOT_FOUND' ELSE 'FORBIDDEN' END;
    RETURN ROW(
        outcome, reason,
        CASE outcome WHEN 'RATE_LIMITED'
            THEN greatest(1, ceil(extract(epoch FROM used.oldest + interval '1 minute' - clock_timestamp())))::integer END,
        CASE outcome WHEN 'ALLOWED' THEN found_row.encrypted_value END,
        found_row.id, found_row.user_id, found_row.workspace_id, found_row.scope, found_row.provider, found_row.name, found_row.wanted,
        kind, token.user_id, token.id, request, host(address)::inet, nullif(left(agent, 255), ''),
        -- Of the attempts above the limit, the first of a minute is recorded: whoever hammers cannot fill the log.
        outcome <> 'RATE_LIMITED' OR NOT (used.is_told OR strongroom.limit_is_told(token.user_id, kind))
    )::strongroom.reveal_attempt;
END $$;

-- Writes what the record is to say of those attempts. One statement for all: its start, the checks that it reads anew and the
-- indexes that it opens cost more than a row.
CREATE FUNCTION strongroom.record_reveals(attempts strongroom.reveal_attempt[]) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    INSERT INTO strongroom.activity_logs
        (action, outcome, reason, actor_id, entity_type, entity_id, owner_id, workspace_id, scope, provider, name, version,
         request_id, token_id, address, user_agent)
    SELECT a.action, CASE WHEN a.reason IS NULL THEN 'ALLOWED' ELSE 'DENIED' END::strongroom.activity_outcome, a.reason, a.actor_id,
           'CREDENTIAL', a.id, a.user_id, a.workspace_id, a.scope, a.provider, a.name, a.version,
           a.request_id, a.token_id, a.address, a.user_agent
    FROM unnest(attempts) AS a WHERE a.is_recorded;
    RETURN true;
END $$;

-- As before. The settings of the request stay, for whatever else is recorded in the transaction.
-- What is asked here is the same each time: planned once, and not for each value.
DROP FUNCTION strongroom.reveal_credentials(bytea, uuid, inet, text, text, integer, uuid[], text[], text[], uuid[], integer[]);
CREATE FUNCTION strongroom.reveal_credentials(
    secret bytea, request uuid, address inet, agent text, purpose text, per_minute integer,
    ids uuid[], providers text[], names text[], workspaces uuid[], versions integer[]
) RETURNS SETOF strongroom.reveal_answer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    token strongroom.proven_token;
    used strongroom.used_minute := ROW(0, NULL, false);
    attempt strongroom.reveal_attempt;
    attempts strongroom.reveal_attempt[];
    done boolean;
    noted text[];
BEGIN
    noted := strongroom.note_request(request, address, agent);
    token := strongroom.prove_token(secret);
    IF strongroom.reveal_action(purpose) IS NULL OR cardinality(ids) NOT BETWEEN 1 AND 100
       OR num_nulls(ids, providers, names, workspaces, versions) > 0 THEN
        RAISE EXCEPTION 'not a purpose, or not 1 to 100 credentials' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF per_minute IS NOT NULL THEN
        -- Others do not wait. Not an advisory lock, which any login could take and keep.
        PERFORM FROM strongroom.users AS u WHERE u.id = token.user_id FOR NO KEY UPDATE;
        -- The proof may have ended meanwhile.
        done := strongroom.require_provable();
        used := strongroom.used_minute(token.user_id, purpose, per_minute);
    END IF;
    FOR i IN 1 .. cardinality(ids) LOOP
        attempt := strongroom.attempt_reveal(token, request, address, agent, purpose, per_minute, used,
                                             ids[i], providers[i], names[i], workspaces[i], versions[i]);
        IF attempt.outcome = 'RATE_LIMITED' THEN
            used.is_told := true;
        ELSIF attempt.id IS NOT NULL THEN
            used := ROW(used.attempts + 1, coalesce(used.oldest, clock_timestamp()), used.is_told);
        END IF;
        attempts := attempts || attempt;
        RETURN NEXT ROW(i, attempt.outcome, CASE attempt.outcome WHEN 'FORBIDDEN' THEN attempt.reason END, attempt.retry_after_seconds,
                        attempt.encrypted_value, attempt.id, attempt.user_id, attempt.workspace_id, attempt.scope::text,
                        attempt.version)::strongroom.reveal_answer;
    END LOOP;
    done := strongroom.record_reveals(attempts);
END $$;

GRANT EXECUTE ON FUNCTION strongroom.reveal_credentials(bytea, uuid, inet, text, text, integer, uuid[], text[], text[], uuid[], integer[])
TO strongroom_app, strongroom_system;

-- Reveals of several callers, one credential each: for each what reveal_credentials() does, in their order, and two outcomes
-- more. UNAUTHENTICATED: the secret proves nobody. BUSY: the caller's attempts are being counted elsewhere; nothing is
-- awaited here, and the caller is to be asked for alone. Whatever else goes wrong undoes all of it: nothing was revealed.
-- No caller has been proven before, and none is after: this transaction is over for proofs.
CREATE FUNCTION strongroom.reveal_together(
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
        ELSE
            -- Each statement in here is one of its own and has ended, so that none sees two callers.
            done := strongroom.hold_caller(token);
            used := ROW(0, NULL, false);
            IF per_minute[i] IS NOT NULL THEN
                -- What is not written yet would not be counted.
                IF token.user_id = ANY (callers) THEN
                    done := strongroom.record_reveals(attempts);
                    attempts := NULL;
                    callers := NULL;
                END IF;
                PERFORM FROM strongroom.users AS u WHERE u.id = token.user_id FOR NO KEY UPDATE SKIP LOCKED;
                used := CASE WHEN FOUND THEN strongroom.used_minute(token.user_id, purposes[i], per_minute[i]) END;
            END IF;
            IF used.attempts IS NULL THEN
                attempt.outcome := 'BUSY';
            ELSE
                attempt := strongroom.attempt_reveal(token, requests[i], addresses[i], agents[i], purposes[i], per_minute[i], used,
                                                     ids[i], providers[i], names[i], workspaces[i], versions[i]);
                attempts := attempts || attempt;
                callers := callers || token.user_id;
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
GRANT EXECUTE ON FUNCTION strongroom.reveal_together(bytea[], uuid[], inet[], text[], text[], integer[], uuid[], text[], text[], uuid[], integer[])
TO strongroom_app, strongroom_system;
