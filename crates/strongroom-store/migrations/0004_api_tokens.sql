-- What proves a caller: the hash of a bearer token, never the token.
-- The hash covers the user id that the token carries, so that a token with another id is another token.

CREATE TABLE strongroom.api_tokens (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES strongroom.users ON DELETE CASCADE,
    name varchar(255) NOT NULL CHECK (name <> ''),
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at AND expires_at <= created_at + interval '366 days'),
    revoked_at timestamptz
);
CREATE INDEX api_tokens_user ON strongroom.api_tokens (user_id, id DESC);

ALTER TABLE strongroom.api_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.api_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tokens ON strongroom.api_tokens TO strongroom_app
    USING (strongroom.require_caller() AND user_id = (SELECT strongroom.current_user_id()))
    WITH CHECK (user_id = (SELECT strongroom.current_user_id()));
-- For prove_caller(), accept_invitation() and guard_new_api_token(), which run as the owner; the last one locks.
CREATE POLICY owner_locks ON strongroom.api_tokens FOR UPDATE TO strongroom_owner USING (true);
CREATE POLICY owner_reads ON strongroom.api_tokens FOR SELECT TO strongroom_owner USING (true);
CREATE POLICY owner_inserts ON strongroom.api_tokens FOR INSERT TO strongroom_owner WITH CHECK (true);

GRANT SELECT (id, user_id, name, created_at, expires_at, revoked_at) ON strongroom.api_tokens TO strongroom_app;
GRANT INSERT (id, user_id, name, token_hash, expires_at) ON strongroom.api_tokens TO strongroom_app;
GRANT UPDATE (revoked_at) ON strongroom.api_tokens TO strongroom_app;

-- A token makes tokens for as long as it lives itself: a transaction that was begun before its revocation must not leave
-- a successor behind. The lock makes the revocation wait, or be seen.
CREATE FUNCTION strongroom.guard_new_api_token() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF strongroom.current_user_id() IS NOT NULL THEN
        PERFORM FROM strongroom.api_tokens AS t
        WHERE t.id = strongroom.current_token_id() AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp() FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the caller is not proven' USING ERRCODE = 'SR401';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_new_api_token BEFORE INSERT ON strongroom.api_tokens
    FOR EACH ROW EXECUTE FUNCTION strongroom.guard_new_api_token();

-- A revocation is final and dated by the database.
CREATE FUNCTION strongroom.guard_api_token() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.revoked_at := coalesce(OLD.revoked_at, now());
    RETURN NEW;
END $$;
CREATE TRIGGER guard_api_token BEFORE UPDATE ON strongroom.api_tokens
    FOR EACH ROW EXECUTE FUNCTION strongroom.guard_api_token();

CREATE FUNCTION strongroom.record_api_token() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, owner_id, name)
    VALUES (CASE TG_OP WHEN 'INSERT' THEN 'TOKEN_CREATED' ELSE 'TOKEN_REVOKED' END::strongroom.activity_action,
            coalesce(strongroom.current_user_id(), NEW.user_id), 'API_TOKEN', NEW.id, NEW.user_id, NEW.name);
    RETURN NULL;
END $$;
CREATE TRIGGER record_api_token_created AFTER INSERT ON strongroom.api_tokens
    FOR EACH ROW EXECUTE FUNCTION strongroom.record_api_token();
CREATE TRIGGER record_api_token_revoked AFTER UPDATE ON strongroom.api_tokens
    FOR EACH ROW WHEN (OLD.revoked_at IS NULL) EXECUTE FUNCTION strongroom.record_api_token();
