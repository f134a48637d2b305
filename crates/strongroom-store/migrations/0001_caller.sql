-- Who is asking: the caller of a transaction, as every policy sees it.
-- A caller is proven by a secret and held in registers that no runtime role can write
-- (docs/adr/0001-caller-context.md). Bodies name tables of later migrations; they bind at run time.

ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
GRANT USAGE ON SCHEMA strongroom TO strongroom_app, strongroom_system, strongroom_auditor;

CREATE TYPE strongroom.workspace_role AS ENUM ('OWNER', 'ADMIN', 'MEMBER', 'GUEST');

-- currval() of a sequence is private to its session and lives in memory, so that a sequence which only
-- the owner may touch is a register. Unlogged: setval() writes no WAL and takes no transaction id.
CREATE UNLOGGED SEQUENCE strongroom.caller_high MINVALUE -9223372036854775808;
CREATE UNLOGGED SEQUENCE strongroom.caller_low MINVALUE -9223372036854775808;
CREATE UNLOGGED SEQUENCE strongroom.caller_since MINVALUE -9223372036854775808;
CREATE UNLOGGED SEQUENCE strongroom.token_high MINVALUE -9223372036854775808;
CREATE UNLOGGED SEQUENCE strongroom.token_low MINVALUE -9223372036854775808;

-- Proves the caller of this transaction: the secret's hash must be that of a live API token of the user whose id the
-- secret begins with. Raises SR401 for any other secret, without saying which reason applied.
CREATE FUNCTION strongroom.prove_caller(secret bytea) RETURNS uuid
LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    proven uuid;
    token uuid;
    bits bit(256);
BEGIN
    -- An older snapshot would still hold the token that was revoked, or the membership that ended.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'a caller is proven at isolation level read committed only' USING ERRCODE = 'invalid_transaction_state';
    END IF;
    SELECT t.user_id, t.id INTO proven, token
    FROM strongroom.api_tokens AS t
    WHERE t.token_hash = sha256(secret) AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp()
      AND substring(secret, 1, 16) = uuid_send(t.user_id);
    IF proven IS NULL THEN
        RAISE EXCEPTION 'the caller is not proven' USING ERRCODE = 'SR401';
    END IF;
    bits := ('x' || encode(uuid_send(proven) || uuid_send(token), 'hex'))::bit(256);
    PERFORM setval('strongroom.caller_high', substring(bits, 1, 64)::bigint),
            setval('strongroom.caller_low', substring(bits, 65, 64)::bigint),
            setval('strongroom.token_high', substring(bits, 129, 64)::bigint),
            setval('strongroom.token_low', substring(bits, 193, 64)::bigint),
            setval('strongroom.caller_since', (extract(epoch FROM now()) * 1000000)::bigint),
            set_config('strongroom.proven', 'yes', true);
    -- A role may change its own defaults (ALTER ROLE … SET): what a record rests on is set here, for this transaction.
    -- What is recorded is on disk, and nobody who holds a lock keeps a caller waiting for long.
    PERFORM set_config('lock_timeout', '5s', true),
            CASE WHEN current_setting('synchronous_commit') <> 'remote_apply' THEN set_config('synchronous_commit', 'on', true) END;
    RETURN proven;
END $$;

-- The proven caller, or NULL. The setting proves nothing: it ends with its transaction or savepoint, as the
-- registers do not, and it spares a session that never proved a caller the error of currval().
-- The stamp binds the registers to this transaction of this backend; a proof lasts no longer than five minutes.
CREATE FUNCTION strongroom.current_user_id() RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF nullif(current_setting('strongroom.proven', true), '') IS NULL
       OR current_setting('transaction_isolation') <> 'read committed'
       OR currval('strongroom.caller_since') <> (extract(epoch FROM now()) * 1000000)::bigint
       OR clock_timestamp() > now() + interval '5 minutes' THEN
        RETURN NULL;
    END IF;
    RETURN (lpad(to_hex(currval('strongroom.caller_high')), 16, '0')
         || lpad(to_hex(currval('strongroom.caller_low')), 16, '0'))::uuid;
END $$;

-- The API token that proved the caller; NULL without one.
CREATE FUNCTION strongroom.current_token_id() RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF strongroom.current_user_id() IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN (lpad(to_hex(currval('strongroom.token_high')), 16, '0')
         || lpad(to_hex(currval('strongroom.token_low')), 16, '0'))::uuid;
END $$;

-- True, or an error where there is no caller; every USING clause of the app and system roles begins with it.
-- Declared immutable, which it is not, so that the planner evaluates it: a query without a caller is refused before there
-- is a plan. As a filter it would be too late. PostgreSQL may ask an index with a leakproof condition before it filters,
-- and EXPLAIN ANALYZE or pg_stat_xact_user_tables would tell whether a row was found (docs/adr/0002-refuse-to-plan.md).
-- A plan that outlives its caller still filters by current_user_id(): the lie can hide rows and never show any.
CREATE FUNCTION strongroom.require_caller() RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF strongroom.current_user_id() IS NULL THEN
        RAISE EXCEPTION 'no caller is proven in this transaction; call strongroom.prove_caller first' USING ERRCODE = 'SR401';
    END IF;
    RETURN true;
END $$;

-- Whether the caller administers the instance.
CREATE FUNCTION strongroom.caller_is_admin() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM strongroom.users WHERE id = strongroom.current_user_id() AND is_admin);
END $$;

-- The workspaces in which the caller has one of these roles. Reads memberships as the owner,
-- so that the policies of workspace_members can use it without recursion.
CREATE FUNCTION strongroom.caller_workspaces(roles strongroom.workspace_role[]) RETURNS uuid[]
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT workspace_id FROM strongroom.workspace_members
                 WHERE user_id = strongroom.current_user_id() AND role = ANY (roles));
END $$;

-- The users who share a workspace with the caller.
CREATE FUNCTION strongroom.caller_colleagues() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT DISTINCT user_id FROM strongroom.workspace_members
                 WHERE workspace_id = ANY (strongroom.caller_workspaces('{OWNER,ADMIN,MEMBER,GUEST}')));
END $$;

GRANT EXECUTE ON FUNCTION
    strongroom.prove_caller(bytea), strongroom.current_user_id(), strongroom.require_caller(), strongroom.caller_is_admin(),
    strongroom.caller_workspaces(strongroom.workspace_role[]), strongroom.caller_colleagues()
TO strongroom_app, strongroom_system;
