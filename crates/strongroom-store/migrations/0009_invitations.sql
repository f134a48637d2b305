-- One-time invitations: the only way for a person to come in. An administrator never holds another's API token;
-- the invited person trades the invitation for one.

CREATE TABLE strongroom.invitations (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    -- NULL in the set-up invitation of a new vault, whose administrator says who he is.
    email varchar(254) CHECK (email LIKE '_%@_%'),
    is_admin boolean NOT NULL DEFAULT false,
    created_by uuid REFERENCES strongroom.users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at AND expires_at <= created_at + interval '31 days'),
    accepted_at timestamptz
);
CREATE INDEX invitations_created_by ON strongroom.invitations (created_by);

ALTER TABLE strongroom.invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY admin_reads ON strongroom.invitations FOR SELECT TO strongroom_system
    USING (strongroom.require_caller() AND (SELECT strongroom.caller_is_admin()));
CREATE POLICY admin_invites ON strongroom.invitations FOR INSERT TO strongroom_system
    WITH CHECK (created_by = (SELECT strongroom.current_user_id()) AND email IS NOT NULL AND (SELECT strongroom.caller_is_admin()));
-- For accept_invitation() and invite_first_admin(), which run as the owner.
CREATE POLICY owner_accepts ON strongroom.invitations TO strongroom_owner USING (true) WITH CHECK (true);
GRANT SELECT (id, email, is_admin, created_by, created_at, expires_at, accepted_at) ON strongroom.invitations TO strongroom_system;
GRANT INSERT (id, token_hash, email, is_admin, created_by, expires_at) ON strongroom.invitations TO strongroom_system;

CREATE FUNCTION strongroom.record_invitation() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, name)
    VALUES ('INVITATION_CREATED', NEW.created_by, 'INVITATION', NEW.id, NEW.email);
    RETURN NULL;
END $$;
CREATE TRIGGER record_invitation AFTER INSERT ON strongroom.invitations
    FOR EACH ROW WHEN (NEW.created_by IS NOT NULL) EXECUTE FUNCTION strongroom.record_invitation();

-- Makes the set-up invitation of a vault without people. Only the owner may call it; false where somebody lives there
-- already, or where an earlier one is out and is not to be replaced.
CREATE FUNCTION strongroom.invite_first_admin(invitation uuid, secret bytea, replace_earlier boolean) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT strongroom.vault_is_empty()
       OR (NOT replace_earlier AND EXISTS (SELECT FROM strongroom.invitations WHERE created_by IS NULL)) THEN
        RETURN false;
    END IF;
    DELETE FROM strongroom.invitations WHERE created_by IS NULL;
    INSERT INTO strongroom.invitations (id, token_hash, is_admin, expires_at)
    VALUES (invitation, sha256(secret), true, now() + interval '7 days');
    RETURN true;
END $$;

-- Trades a one-time invitation for a person and his first API token.
-- Raises SR401 for a secret that is not that of a live invitation, without saying which reason applied.
CREATE FUNCTION strongroom.accept_invitation(
    secret bytea, new_user uuid, own_email text, own_name text, new_token uuid, new_token_hash bytea, token_lifetime interval
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    accepted strongroom.invitations;
BEGIN
    UPDATE strongroom.invitations AS i SET accepted_at = now()
    WHERE i.token_hash = sha256(secret) AND i.accepted_at IS NULL AND i.expires_at > clock_timestamp()
    RETURNING i.* INTO accepted;
    -- A set-up invitation is for a vault without people, whenever it was made.
    IF accepted.id IS NULL OR (accepted.created_by IS NULL AND NOT strongroom.vault_is_empty()) THEN
        RAISE EXCEPTION 'the invitation is not valid' USING ERRCODE = 'SR401';
    END IF;
    -- The id of a person who was deleted is the key to what the record keeps of him.
    IF EXISTS (SELECT FROM strongroom.activity_logs WHERE actor_id = new_user OR owner_id = new_user) THEN
        RAISE EXCEPTION 'the id has been somebody''s' USING ERRCODE = 'unique_violation';
    END IF;
    INSERT INTO strongroom.users (id, email, display_name, is_admin)
    VALUES (new_user, coalesce(accepted.email, own_email), own_name, accepted.is_admin);
    INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at)
    VALUES (new_token, new_user, 'first token', new_token_hash, now() + token_lifetime);
    INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, owner_id, name)
    VALUES ('INVITATION_ACCEPTED', new_user, 'INVITATION', accepted.id, new_user, accepted.email);
END $$;
GRANT EXECUTE ON FUNCTION strongroom.accept_invitation(bytea, uuid, text, text, uuid, bytea, interval) TO strongroom_app;
