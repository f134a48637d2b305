-- One call, one round trip: the proof of the caller and the very statement that is asked for, in a transaction of their own.
-- All of these run as whoever calls (SECURITY INVOKER): policies, column grants and triggers decide as they do without them, and they
-- add no right. A statement of PL/pgSQL is planned when it is reached, and so after the proof (docs/adr/0009-one-call.md).

-- As before, by one index for each way in which a grant can be the caller's: joined by OR, they need a bitmap or the whole table.
CREATE OR REPLACE FUNCTION strongroom.caller_grants(permission strongroom.grant_permission) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN ARRAY(
        SELECT g.credential_id FROM strongroom.credential_grants AS g
        WHERE g.grantee_user_id = (SELECT strongroom.current_user_id())
          AND coalesce(g.expires_at > clock_timestamp(), true) AND coalesce(permission = ANY (g.permissions), true)
        UNION ALL
        SELECT g.credential_id FROM unnest(strongroom.caller_workspaces('{OWNER,ADMIN,MEMBER}')) AS w (id)
        JOIN strongroom.credential_grants AS g ON g.grantee_workspace_id = w.id
        WHERE coalesce(g.expires_at > clock_timestamp(), true) AND coalesce(permission = ANY (g.permissions), true));
END $$;

-- What callers may know of a credential; the envelope is no part of it.
CREATE TYPE strongroom.credential_facts AS (
    id uuid, user_id uuid, workspace_id uuid, name text, provider text, kind text, scope text, masked_value text, version integer,
    revision integer, description text, tags text[], metadata jsonb, is_active boolean, expires_at timestamptz, last_used_at timestamptz,
    rotated_at timestamptz, former_answers_until timestamptz, revoked_at timestamptz, purged_at timestamptz, created_at timestamptz,
    updated_at timestamptz, permissions text[]
);

-- What each query of credentials has in common: the facts in the order of the type, and the filters of a list. SQL functions without a
-- SET clause, so that they are planned as a part of what calls them.
-- Two things keep PostgreSQL from the walk through everybody's rows that looks cheap to it where few have many: arrays of one, because
-- an equality would tell it that the primary key has the order of a list, too; and the CASE around the filters, without which it
-- multiplies guesses of filters that are not even there, and expects to find nothing (docs/adr/0009-one-call.md).
DO $make$ BEGIN EXECUTE replace(replace($functions$
-- A credential, if the caller may know of it. LIMIT keeps it a lookup by its key, in whatever query. It has to be called with a column or
-- a variable: an expression such as coalesce() is not leakproof to PostgreSQL, which would then ask the policies of everybody's rows.
CREATE FUNCTION strongroom.credential_by_id(of_credential uuid) RETURNS SETOF strongroom.credential_facts
LANGUAGE sql STABLE AS $$
    SELECT <facts> FROM strongroom.user_credentials AS c WHERE c.id = of_credential LIMIT 1
$$;

-- What a caller of the application has made himself, newest first, and below that id; of a workspace's, what he may know of still.
CREATE FUNCTION strongroom.own_credential_page(
    below uuid, of_provider text, of_type text, of_scope text, of_workspace uuid, active boolean, pattern text, tag text,
    expiring_before timestamptz, unused_since timestamptz, max_rows bigint
) RETURNS SETOF strongroom.credential_facts
LANGUAGE sql STABLE AS $$
    SELECT <facts> FROM strongroom.user_credentials AS c
    WHERE c.user_id = ANY (ARRAY[(SELECT strongroom.current_user_id())]) AND <filters> ORDER BY c.user_id, c.id DESC LIMIT max_rows
$$;

-- The same on the admin path.
CREATE FUNCTION strongroom.system_credential_page(
    below uuid, of_provider text, of_type text, of_scope text, of_workspace uuid, active boolean, pattern text, tag text,
    expiring_before timestamptz, unused_since timestamptz, max_rows bigint
) RETURNS SETOF strongroom.credential_facts
LANGUAGE sql STABLE AS $$
    SELECT <facts> FROM strongroom.user_credentials AS c WHERE c.scope = 'SYSTEM' AND <filters> ORDER BY c.id DESC LIMIT max_rows
$$;

-- The same with what he administers and what is granted to him. It walks one index for each way in which a row can be his. The policies
-- say the same, joined by OR, for which there is no index in the order of a list: PostgreSQL would walk through everybody's rows. They
-- hold for what comes of these: a way that is missing here hides rows, and none can show any. The filters are the same on each way, so
-- that each stops at a page of what is asked for.
CREATE FUNCTION strongroom.credential_page(
    below uuid, of_provider text, of_type text, of_scope text, of_workspace uuid, active boolean, pattern text, tag text,
    expiring_before timestamptz, unused_since timestamptz, max_rows bigint
) RETURNS SETOF strongroom.credential_facts
LANGUAGE sql STABLE AS $$
    SELECT f.* FROM (
        SELECT way.id FROM (
            (SELECT c.id FROM strongroom.user_credentials AS c
             WHERE c.user_id = ANY (ARRAY[(SELECT strongroom.current_user_id())]) AND <filters>
             ORDER BY c.user_id, c.id DESC LIMIT max_rows)
            UNION
            (SELECT of_one.id FROM unnest((SELECT strongroom.caller_workspaces('{OWNER,ADMIN}'))::uuid[]) AS w (id) CROSS JOIN LATERAL (
                SELECT c.id FROM strongroom.user_credentials AS c
                WHERE c.workspace_id = ANY (ARRAY[w.id]) AND <filters>
                ORDER BY c.workspace_id, c.id DESC LIMIT max_rows) AS of_one
             WHERE of_workspace IS NULL OR w.id = of_workspace)
            UNION
            (SELECT c.id FROM strongroom.user_credentials AS c
             WHERE c.id = ANY ((SELECT strongroom.caller_grants(NULL))::uuid[]) AND <filters> ORDER BY c.id DESC LIMIT max_rows)
        ) AS way (id) ORDER BY way.id DESC LIMIT max_rows) AS page (id)
    CROSS JOIN LATERAL strongroom.credential_by_id(page.id) AS f ORDER BY f.id DESC
$$ $functions$, '<facts>', $facts$
        c.id, c.user_id, c.workspace_id, c.name::text, c.provider::text, c.type::text, c.scope::text, c.masked_value::text, c.version,
        c.revision, c.description, c.tags, c.metadata, c.is_active, c.expires_at, c.last_used_at,
        c.rotated_at, c.former_answers_until, c.revoked_at, c.purged_at, c.created_at, c.updated_at,
        CASE WHEN c.scope = 'SYSTEM' OR (c.scope = 'USER' AND c.user_id = (SELECT strongroom.current_user_id()))
                  OR c.workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN}'))::uuid[])
             THEN '{USE,REVEAL,MANAGE}' ELSE strongroom.granted_permissions(c.id)::text[] END
   $facts$), '<filters>', $filters$ c.id < below AND CASE WHEN
                   (of_provider IS NULL OR c.provider = of_provider)
               AND (of_type IS NULL OR c.type = of_type::strongroom.credential_type)
               AND (of_scope IS NULL OR c.scope = of_scope::strongroom.credential_scope)
               AND (of_workspace IS NULL OR c.workspace_id = of_workspace)
               AND (active IS NULL OR c.is_active = active)
               AND (pattern IS NULL OR c.name ILIKE pattern OR c.provider ILIKE pattern OR c.description ILIKE pattern)
               AND (tag IS NULL OR tag = ANY (c.tags))
               AND (expiring_before IS NULL OR c.expires_at < expiring_before)
               AND (unused_since IS NULL OR coalesce(c.last_used_at < unused_since, true)) THEN true ELSE false END$filters$); END $make$;

-- Proves the caller of a call; the admin path is for administrators, and tells others so.
CREATE FUNCTION strongroom.prove_call(secret bytea, request uuid, address inet, agent text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    caller uuid := strongroom.prove_request(secret, request, address, agent);
BEGIN
    IF session_user = 'strongroom_system' AND NOT strongroom.caller_is_admin() THEN
        RAISE EXCEPTION 'the caller is no administrator' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

-- One plan for all values. With bitmaps it would take all rows of a way and sort them, for it cannot know how many this caller has; and
-- it is not worth compiling.
CREATE FUNCTION strongroom.list_credentials(
    secret bytea, request uuid, address inet, agent text,
    cursor_id uuid, of_provider text, of_type text, of_scope text, of_workspace uuid, active boolean, pattern text, tag text,
    expiring_before timestamptz, unused_since timestamptz, max_rows bigint
) RETURNS SETOF strongroom.credential_facts
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
SET enable_bitmapscan = off SET jit = off AS $$
DECLARE
    -- A variable, and not an expression in the query, as above: else it is no condition of the index.
    below uuid := coalesce(cursor_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
BEGIN
    PERFORM strongroom.prove_call(secret, request, address, agent);
    IF session_user = 'strongroom_system' THEN
        RETURN QUERY SELECT * FROM strongroom.system_credential_page(
            below, of_provider, of_type, of_scope, of_workspace, active, pattern, tag, expiring_before, unused_since, max_rows);
    ELSIF cardinality(strongroom.caller_workspaces('{OWNER,ADMIN}')) = 0 AND cardinality(strongroom.caller_grants(NULL)) = 0 THEN
        RETURN QUERY SELECT * FROM strongroom.own_credential_page(
            below, of_provider, of_type, of_scope, of_workspace, active, pattern, tag, expiring_before, unused_since, max_rows);
    ELSE
        RETURN QUERY SELECT * FROM strongroom.credential_page(
            below, of_provider, of_type, of_scope, of_workspace, active, pattern, tag, expiring_before, unused_since, max_rows);
    END IF;
END $$;

-- A credential; or the one that the caller's earlier request with that key was about.
CREATE FUNCTION strongroom.find_credential(
    secret bytea, request uuid, address inet, agent text, of_key text, of_fingerprint bytea, of_credential uuid
) RETURNS TABLE (credential strongroom.credential_facts, repeated boolean)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    earlier uuid;
    shown uuid;
BEGIN
    PERFORM strongroom.prove_call(secret, request, address, agent);
    IF of_key IS NOT NULL THEN
        earlier := strongroom.earlier_request(of_key, of_fingerprint);
    END IF;
    shown := coalesce(earlier, of_credential);
    RETURN QUERY SELECT f, earlier IS NOT NULL FROM strongroom.credential_by_id(shown) AS f;
END $$;

-- Adds a credential. Repeated: an earlier request with that key did, and this is what became of it; no row: the caller may not know
-- of that any more. Where it is refused, nothing is kept, the key neither.
CREATE FUNCTION strongroom.create_credential(
    secret bytea, request uuid, address inet, agent text, of_key text, of_fingerprint bytea,
    new_id uuid, new_owner uuid, new_workspace uuid, new_scope text, new_name text, new_provider text, new_type text,
    new_value text, new_mask text, new_description text, new_expiry timestamptz, new_metadata jsonb, new_tags text[]
) RETURNS TABLE (credential strongroom.credential_facts, repeated boolean)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    earlier uuid;
    shown uuid;
BEGIN
    PERFORM strongroom.prove_call(secret, request, address, agent);
    -- As the policy would; but whoever may not add one there any more is not told either what an earlier request did.
    IF new_workspace IS NOT NULL AND new_workspace <> ALL (strongroom.caller_workspaces('{OWNER,ADMIN}')) THEN
        RAISE EXCEPTION 'the caller may not add credentials to that workspace' USING ERRCODE = 'insufficient_privilege';
    END IF;
    earlier := strongroom.claim_request(of_key, of_fingerprint, new_id);
    IF earlier IS NULL THEN
        INSERT INTO strongroom.user_credentials (id, user_id, workspace_id, scope, name, provider, type, encrypted_value, masked_value,
                                                 description, expires_at, metadata, tags)
        VALUES (new_id, new_owner, new_workspace, new_scope::strongroom.credential_scope, new_name, new_provider,
                new_type::strongroom.credential_type, new_value, new_mask, new_description, new_expiry, new_metadata, new_tags);
    END IF;
    shown := coalesce(earlier, new_id);
    RETURN QUERY SELECT f, earlier IS NOT NULL FROM strongroom.credential_by_id(shown) AS f;
    -- Nobody adds what he could not be shown.
    IF NOT FOUND AND earlier IS NULL THEN
        RAISE EXCEPTION 'the caller may not see what he adds' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

-- Puts the next version in place; the trigger keeps the former one. Repeated: as above. Raises SR412 where the caller may not change
-- such a one, or it is not active, or has another revision, or has moved on; then the key is not kept either.
CREATE FUNCTION strongroom.rotate_credential(
    secret bytea, request uuid, address inet, agent text, of_key text, of_fingerprint bytea,
    of_credential uuid, of_revision integer, new_version integer, new_value text, new_mask text, new_expiry timestamptz, grace double precision
) RETURNS TABLE (credential strongroom.credential_facts, repeated boolean)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    earlier uuid;
    shown uuid;
    changed boolean := false;
BEGIN
    PERFORM strongroom.prove_call(secret, request, address, agent);
    earlier := strongroom.claim_request(of_key, of_fingerprint, of_credential);
    IF earlier IS NULL THEN
        UPDATE strongroom.user_credentials AS c
        SET encrypted_value = new_value, masked_value = new_mask, version = new_version, expires_at = coalesce(new_expiry, c.expires_at),
            former_answers_until = now() + make_interval(secs => grace)
        WHERE c.id = of_credential AND c.version = new_version - 1 AND c.is_active AND (of_revision IS NULL OR c.revision = of_revision);
        changed := FOUND;
    END IF;
    shown := coalesce(earlier, CASE WHEN changed THEN of_credential END);
    RETURN QUERY SELECT f, earlier IS NOT NULL FROM strongroom.credential_by_id(shown) AS f;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the credential is not as it was, or not the caller''s to change' USING ERRCODE = 'SR412';
    END IF;
END $$;

GRANT EXECUTE ON FUNCTION
    strongroom.credential_by_id(uuid),
    strongroom.credential_page(uuid, text, text, text, uuid, boolean, text, text, timestamptz, timestamptz, bigint),
    strongroom.own_credential_page(uuid, text, text, text, uuid, boolean, text, text, timestamptz, timestamptz, bigint),
    strongroom.system_credential_page(uuid, text, text, text, uuid, boolean, text, text, timestamptz, timestamptz, bigint),
    strongroom.prove_call(bytea, uuid, inet, text),
    strongroom.list_credentials(bytea, uuid, inet, text, uuid, text, text, text, uuid, boolean, text, text, timestamptz, timestamptz, bigint),
    strongroom.find_credential(bytea, uuid, inet, text, text, bytea, uuid),
    strongroom.create_credential(bytea, uuid, inet, text, text, bytea, uuid, uuid, uuid, text, text, text, text, text, text, text, timestamptz, jsonb, text[]),
    strongroom.rotate_credential(bytea, uuid, inet, text, text, bytea, uuid, integer, integer, text, text, timestamptz, double precision)
TO strongroom_app, strongroom_system;
