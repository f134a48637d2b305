-- Signing in with an identity, and linking one, on the server's word that the provider has vouched for it: the functions
-- ask for the server's secret first, so that a stolen database login signs in as nobody.

CREATE INDEX invitations_email ON strongroom.invitations (lower(email)) WHERE accepted_at IS NULL;

-- Begins a session of the person whose identity it is. An unknown identity becomes a new person where the provider has
-- verified an address that has been invited. No row, and nothing done, for everybody else: whether the address has an
-- account makes no difference.
CREATE FUNCTION strongroom.sign_in_with_identity(
    server_secret bytea, identity_issuer text, identity_subject text, verified_email text, own_name text,
    new_user uuid, new_identity uuid, session uuid, session_secret bytea, idle_timeout interval, lifetime interval,
    request uuid, address inet, agent text
) RETURNS TABLE (user_id uuid, expires_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    person uuid;
    accepted strongroom.invitations;
BEGIN
    PERFORM strongroom.require_server(server_secret);
    PERFORM strongroom.describe_request(request, address, agent);
    SELECT i.user_id INTO person FROM strongroom.identities AS i WHERE i.issuer = identity_issuer AND i.subject = identity_subject;
    IF person IS NULL THEN
        UPDATE strongroom.invitations AS i SET accepted_at = now()
        WHERE i.accepted_at IS NULL AND i.id = (
            SELECT l.id FROM strongroom.invitations AS l
            WHERE lower(l.email) = lower(verified_email) AND l.accepted_at IS NULL AND l.expires_at > clock_timestamp()
              AND NOT EXISTS (SELECT FROM strongroom.users AS u WHERE lower(u.email) = lower(verified_email))
            ORDER BY l.id LIMIT 1 FOR UPDATE)
        RETURNING i.* INTO accepted;
        IF accepted.id IS NULL THEN
            RETURN;
        END IF;
        -- The id of a person who was deleted is the key to what the record keeps of him.
        IF EXISTS (SELECT FROM strongroom.activity_logs WHERE actor_id = new_user OR owner_id = new_user) THEN
            RAISE EXCEPTION 'the id has been somebody''s' USING ERRCODE = 'unique_violation';
        END IF;
        person := new_user;
        INSERT INTO strongroom.users (id, email, display_name, is_admin)
        VALUES (person, accepted.email, coalesce(own_name, accepted.email), accepted.is_admin);
        INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, owner_id, name)
        VALUES ('INVITATION_ACCEPTED', person, 'INVITATION', accepted.id, person, accepted.email);
        INSERT INTO strongroom.identities (id, user_id, issuer, subject)
        VALUES (new_identity, person, identity_issuer, identity_subject);
    END IF;
    RETURN QUERY SELECT person, strongroom.begin_session(person, 'OIDC', session, session_secret, idle_timeout, lifetime);
END $$;

-- Links an identity to the caller, who must be the one who began it and be there by a session. Raises unique_violation
-- where it is another person's.
CREATE FUNCTION strongroom.link_identity(
    server_secret bytea, started_by uuid, identity uuid, identity_issuer text, identity_subject text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM strongroom.require_server(server_secret);
    PERFORM strongroom.require_caller();
    IF started_by IS DISTINCT FROM strongroom.current_user_id() OR NOT (strongroom.token_is_full() AND strongroom.caller_has_session()) THEN
        RAISE EXCEPTION 'identities are linked from the session that began it' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF EXISTS (SELECT FROM strongroom.identities AS i
               WHERE i.issuer = identity_issuer AND i.subject = identity_subject AND i.user_id = started_by) THEN
        RETURN;
    END IF;
    INSERT INTO strongroom.identities (id, user_id, issuer, subject)
    VALUES (identity, started_by, identity_issuer, identity_subject);
END $$;
GRANT EXECUTE ON FUNCTION
    strongroom.sign_in_with_identity(bytea, text, text, text, text, uuid, uuid, uuid, bytea, interval, interval, uuid, inet, text),
    strongroom.link_identity(bytea, uuid, uuid, text, text)
TO strongroom_app;
