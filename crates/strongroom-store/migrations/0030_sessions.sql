-- Sessions: tokens that end by themselves, when they rest and when they are old. They are begun by functions that have
-- made sure of a person (a password, another provider's word) and by nothing else: no runtime role can insert one.

CREATE TYPE strongroom.sign_in_method AS ENUM ('PASSWORD', 'OIDC');

ALTER TABLE strongroom.api_tokens
    -- How a session was begun.
    ADD COLUMN sign_in_method strongroom.sign_in_method,
    ADD CONSTRAINT api_tokens_session
        CHECK ((kind = 'SESSION') = (sign_in_method IS NOT NULL) AND (kind <> 'SESSION' OR idle_timeout IS NOT NULL));
GRANT SELECT (sign_in_method) ON strongroom.api_tokens TO strongroom_app;

-- For begin_session(), which runs as the owner: what has ended by itself says nothing that the record does not say.
CREATE POLICY owner_purges ON strongroom.api_tokens FOR DELETE TO strongroom_owner USING (kind <> 'API_TOKEN');

-- Begins a session of that person: its token is his id and the random bits. Returns when it ends at the latest. For
-- functions that run as the owner and have made sure of him; they call describe_request() first.
CREATE FUNCTION strongroom.begin_session(
    person uuid, method strongroom.sign_in_method, session uuid, random bytea, idle interval, lifetime interval
) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ends_at timestamptz := now() + lifetime;
BEGIN
    IF octet_length(random) IS DISTINCT FROM 32 THEN
        RAISE EXCEPTION 'a token has 256 random bits' USING ERRCODE = 'check_violation';
    END IF;
    DELETE FROM strongroom.api_tokens AS t WHERE t.user_id = person AND t.kind <> 'API_TOKEN' AND t.expires_at < clock_timestamp();
    INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, kind, sign_in_method, idle_timeout, expires_at)
    VALUES (session, person, method::text, sha256(uuid_send(person) || random), 'SESSION', method, idle, ends_at);
    INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, owner_id, name)
    VALUES ('SIGNED_IN', person, 'SESSION', session, person, method::text);
    -- Who was let in is on disk before he is told.
    PERFORM set_config('lock_timeout', '5s', true),
            CASE WHEN current_setting('synchronous_commit') <> 'remote_apply' THEN set_config('synchronous_commit', 'on', true) END;
    RETURN ends_at;
END $$;
