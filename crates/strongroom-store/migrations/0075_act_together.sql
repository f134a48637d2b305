-- Looks, creations and rotations that arrive together share a statement, a transaction and so a commit, as reveals do
-- (docs/adr/0011-acts-together.md). Only what goes well is done here. Whatever else there is to say is said by the call of its own
-- (0069_credential_calls.sql), to which each of them can go instead.

-- What follows runs as the owner, and the owner was held to what callers may see, whatever it did. Here it adds and changes rows, and is
-- held to what they may add and change.
DROP POLICY reveal ON strongroom.user_credentials;
CREATE POLICY reveal ON strongroom.user_credentials FOR SELECT TO strongroom_owner
    USING (CASE session_user
        WHEN 'strongroom_app' THEN
            (scope = 'USER' AND user_id = (SELECT strongroom.current_user_id()))
            OR (scope = 'WORKSPACE' AND workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN}'))::uuid[]))
            OR id = ANY ((SELECT strongroom.caller_grants(NULL))::uuid[])
        WHEN 'strongroom_system' THEN scope = 'SYSTEM' AND (SELECT strongroom.caller_is_admin())
        ELSE false END);
-- Not the runtime roles' own policies: those raise an error where there is no caller, and the owner also purges and rewraps, for nobody.
CREATE POLICY change ON strongroom.user_credentials FOR UPDATE TO strongroom_owner
    USING (session_user = 'strongroom_app' AND (
        (scope = 'USER' AND user_id = (SELECT strongroom.current_user_id()))
        OR (scope = 'WORKSPACE' AND workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN}'))::uuid[]))
        OR id = ANY ((SELECT strongroom.caller_grants('MANAGE'))::uuid[])));
ALTER POLICY own_create ON strongroom.user_credentials TO strongroom_app, strongroom_owner;
ALTER POLICY workspace_create ON strongroom.user_credentials TO strongroom_app, strongroom_owner;
ALTER POLICY own_create_by_persons ON strongroom.user_credentials TO strongroom_app, strongroom_owner;
ALTER POLICY token_scope_create ON strongroom.user_credentials TO strongroom_app, strongroom_system, strongroom_owner;

-- What a caller asks for: to LOOK at a credential, to CREATE one, or to ROTATE it; and the key and fingerprint of his request, if it has
-- one. What an act has no use for is NULL. When it expires is said beside it: JSON has no times, and what PostgreSQL makes of a text that
-- is none to it would be an error for all.
CREATE TYPE strongroom.credential_act AS (
    kind text, key text, fingerprint bytea, id uuid, workspace_id uuid, name text, provider text, type strongroom.credential_type,
    encrypted_value text, masked_value text, description text, expires_at timestamptz, metadata jsonb, tags text[],
    revision integer, version integer, grace double precision
);

-- Whether the token is for a credential of that workspace and provider. The policies that say so to the runtime roles are not the owner's,
-- who also reveals to those who may not list.
CREATE FUNCTION strongroom.is_in_reach(token strongroom.proven_token, of_workspace uuid, of_provider text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(token.workspace_id = of_workspace, token.workspace_id IS NULL) AND coalesce(token.provider = of_provider, token.provider IS NULL)
$$;

-- Whether an act is tried in here. Not, where the token is not for it, where nothing may be added, and where an earlier request had that
-- key: the call of its own has an answer to each. Nor what a CHECK would refuse, and with it the others: PostgreSQL writes out numbers
-- that came as 1e300.
CREATE FUNCTION strongroom.is_tried(token strongroom.proven_token, act strongroom.credential_act) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF octet_length(act.metadata::text) > 32768
       OR (CASE act.kind WHEN 'LOOK' THEN 'LIST' ELSE 'MANAGE' END::strongroom.token_action = ANY (token.actions)) IS NOT TRUE
       OR (act.kind = 'CREATE' AND (NOT strongroom.is_in_reach(token, act.workspace_id, act.provider)
           OR CASE WHEN act.workspace_id IS NULL THEN NOT strongroom.caller_is_person()
                   ELSE act.workspace_id <> ALL (strongroom.caller_workspaces('{OWNER,ADMIN}')) END)) THEN
        RETURN false;
    END IF;
    RETURN act.key IS NULL
        OR NOT EXISTS (SELECT FROM strongroom.idempotency_keys AS k WHERE k.user_id = token.user_id AND k.key = act.key);
END $$;

-- Does it under the policies of the caller who is proven, and returns the credential. NULL: nothing has been done, and the call of its own
-- says why. A row that somebody has locked is not waited for; a name or key that somebody else is at adding, or a workspace that he is
-- changing, for a moment: then all are undone, and each waits for himself, alone.
CREATE FUNCTION strongroom.perform_act(token strongroom.proven_token, act strongroom.credential_act) RETURNS strongroom.credential_facts
LANGUAGE plpgsql VOLATILE SET lock_timeout = '100ms' AS $$
DECLARE
    of_credential uuid := act.id;
    facts strongroom.credential_facts;
BEGIN
    IF (act.kind IN ('LOOK', 'CREATE', 'ROTATE')) IS NOT TRUE THEN
        RAISE EXCEPTION 'not an act' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT strongroom.is_tried(token, act) THEN
        RETURN NULL;
    END IF;
    IF act.kind = 'CREATE' THEN
        INSERT INTO strongroom.user_credentials (id, user_id, workspace_id, scope, name, provider, type, encrypted_value, masked_value,
                                                 description, expires_at, metadata, tags)
        VALUES (act.id, token.user_id, act.workspace_id,
                CASE WHEN act.workspace_id IS NULL THEN 'USER' ELSE 'WORKSPACE' END::strongroom.credential_scope, act.name, act.provider,
                act.type, act.encrypted_value, act.masked_value, act.description, act.expires_at, act.metadata, act.tags)
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    ELSIF act.kind = 'ROTATE' THEN
        UPDATE strongroom.user_credentials AS c
        SET encrypted_value = act.encrypted_value, masked_value = act.masked_value, version = act.version,
            expires_at = coalesce(act.expires_at, c.expires_at), former_answers_until = now() + make_interval(secs => act.grace)
        WHERE c.id = (SELECT l.id FROM strongroom.user_credentials AS l
                      WHERE l.id = act.id AND strongroom.is_in_reach(token, l.workspace_id, l.provider) FOR NO KEY UPDATE SKIP LOCKED)
          AND c.version = act.version - 1 AND c.is_active AND (act.revision IS NULL OR c.revision = act.revision);
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    SELECT * INTO facts FROM strongroom.credential_by_id(of_credential);
    IF act.kind = 'LOOK' THEN
        RETURN CASE WHEN strongroom.is_in_reach(token, facts.workspace_id, facts.provider) THEN facts END;
    END IF;
    IF facts.id IS NULL THEN
        RAISE EXCEPTION 'the caller may not see what he keeps' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- It was free a moment ago.
    IF strongroom.claim_request(act.key, act.fingerprint, act.id) IS NOT NULL THEN
        RAISE EXCEPTION 'the same request is under way' USING ERRCODE = 'lock_not_available';
    END IF;
    RETURN facts;
END $$;

-- Acts of several callers, for each what the call of its own does, in their order. Outcomes: DONE; UNAUTHENTICATED, the secret proves
-- nobody; ALONE, nothing has been done and it is to be asked for alone, as are those that come after a second. Whatever else goes wrong
-- undoes all of it. As in reveal_together(), each statement is one of ours and has ended before the next caller is proven; no caller has
-- been proven before, and none is after.
CREATE FUNCTION strongroom.act_together(
    secrets bytea[], requests uuid[], addresses inet[], agents text[], acts jsonb, expiries timestamptz[]
)
RETURNS TABLE ("position" integer, outcome text, credential strongroom.credential_facts)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    late timestamptz := clock_timestamp() + interval '1 second';
    done boolean := strongroom.require_provable();
    noted text[];
    tokens strongroom.proven_token[];
    token strongroom.proven_token;
    act strongroom.credential_act;
BEGIN
    IF NOT strongroom.nobody_was_proven() THEN
        RAISE EXCEPTION 'another caller is proven in this transaction' USING ERRCODE = 'SR401';
    END IF;
    IF num_nulls(secrets, requests, addresses, agents, acts, expiries) > 0 OR cardinality(secrets) NOT BETWEEN 1 AND 32
       OR cardinality(secrets) <> ANY (ARRAY[cardinality(requests), cardinality(addresses), cardinality(agents), cardinality(expiries)])
       OR (CASE WHEN jsonb_typeof(acts) = 'array' THEN jsonb_array_length(acts) <> cardinality(secrets) ELSE true END) THEN
        RAISE EXCEPTION 'not 1 to 32 acts' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    tokens := strongroom.live_tokens(secrets);
    FOR i IN 1 .. cardinality(secrets) LOOP
        token := tokens[i];
        "position" := i;
        outcome := CASE WHEN token.id IS NULL THEN 'UNAUTHENTICATED' ELSE 'ALONE' END;
        credential := NULL;
        IF token.id IS NOT NULL AND (i = 1 OR clock_timestamp() < late) THEN
            done := strongroom.hold_caller(token);
            noted := strongroom.note_request(requests[i], addresses[i], agents[i]);
            act := jsonb_populate_record(NULL::strongroom.credential_act, acts -> (i - 1));
            act.expires_at := expiries[i];
            credential := strongroom.perform_act(token, act);
            outcome := CASE WHEN credential.id IS NULL THEN 'ALONE' ELSE 'DONE' END;
        END IF;
        RETURN NEXT;
    END LOOP;
    done := setval('strongroom.caller_since', -(pg_current_xact_id()::text::bigint)) < 0 AND set_config('strongroom.proven', '', true) = '';
END $$;
GRANT EXECUTE ON FUNCTION strongroom.act_together(bytea[], uuid[], inet[], text[], jsonb, timestamptz[]) TO strongroom_app;
