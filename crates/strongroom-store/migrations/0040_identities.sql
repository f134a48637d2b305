-- With which accounts at OpenID providers a person signs in. An identity is what a provider calls somebody (OpenID Connect
-- Core 1.0, section 2: issuer and subject); his address there is no identity, for providers give it to others.

CREATE TABLE strongroom.identities (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES strongroom.users ON DELETE CASCADE,
    issuer varchar(255) NOT NULL CHECK (issuer <> ''),
    subject varchar(255) NOT NULL CHECK (subject <> ''),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (issuer, subject)
);
CREATE INDEX identities_user ON strongroom.identities (user_id, id DESC);

ALTER TABLE strongroom.identities ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.identities FORCE ROW LEVEL SECURITY;
CREATE POLICY own_identities ON strongroom.identities TO strongroom_app
    USING (strongroom.require_caller() AND user_id = (SELECT strongroom.current_user_id()));
CREATE POLICY full_token ON strongroom.identities AS RESTRICTIVE TO strongroom_app
    USING (strongroom.require_caller() AND (SELECT strongroom.token_is_full()));
-- For sign_in_with_identity() and link_identity(), which run as the owner: nobody else adds one, because whoever could
-- would sign in as whom he likes.
CREATE POLICY owner_reads ON strongroom.identities FOR SELECT TO strongroom_owner USING (true);
CREATE POLICY owner_inserts ON strongroom.identities FOR INSERT TO strongroom_owner WITH CHECK (true);
GRANT SELECT, DELETE ON strongroom.identities TO strongroom_app;

-- A cascade has no caller, and leaves no record of its own; a runtime role without one has taken back its proof in the
-- middle of its statement, and fails for want of an actor.
CREATE FUNCTION strongroom.record_identity() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    identity strongroom.identities := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    IF TG_OP = 'INSERT' OR strongroom.current_user_id() IS NOT NULL OR session_user IN ('strongroom_app', 'strongroom_system') THEN
        INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, owner_id, name)
        VALUES (CASE TG_OP WHEN 'INSERT' THEN 'IDENTITY_LINKED' ELSE 'IDENTITY_UNLINKED' END::strongroom.activity_action,
                CASE TG_OP WHEN 'INSERT' THEN identity.user_id ELSE strongroom.current_user_id() END,
                'IDENTITY', identity.id, identity.user_id, identity.issuer);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER record_identity AFTER INSERT OR DELETE ON strongroom.identities
    FOR EACH ROW EXECUTE FUNCTION strongroom.record_identity();

-- Whether the caller came in by a session, and not by a token that he may have given to a program.
CREATE FUNCTION strongroom.caller_has_session() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM strongroom.api_tokens AS t WHERE t.id = strongroom.current_token_id() AND t.kind = 'SESSION');
END $$;
