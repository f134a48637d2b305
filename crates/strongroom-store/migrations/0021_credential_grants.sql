-- Who else may work with a credential: a person, a service account or a workspace, apart for use, reveal and manage.
-- Whoever controls a credential (its owner; of a WORKSPACE one, the OWNERs and ADMINs) makes and ends its grants; whoever
-- holds one cannot hand it on.

CREATE TYPE strongroom.grant_permission AS ENUM ('USE', 'REVEAL', 'MANAGE');

CREATE TABLE strongroom.credential_grants (
    id uuid PRIMARY KEY,
    credential_id uuid NOT NULL REFERENCES strongroom.user_credentials ON DELETE CASCADE,
    -- A person or a service account.
    grantee_user_id uuid REFERENCES strongroom.users ON DELETE CASCADE,
    -- Its OWNERs, ADMINs and MEMBERs; not its GUESTs.
    grantee_workspace_id uuid REFERENCES strongroom.workspaces ON DELETE CASCADE,
    permissions strongroom.grant_permission[] NOT NULL CHECK (cardinality(permissions) BETWEEN 1 AND 3 AND array_position(permissions, NULL) IS NULL),
    expires_at timestamptz,
    created_by uuid REFERENCES strongroom.users ON DELETE SET NULL DEFAULT strongroom.current_user_id(),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Of the credential, by note_grant(): what a membership that ends takes with it.
    owner_id uuid NOT NULL REFERENCES strongroom.users ON DELETE CASCADE,
    workspace_id uuid REFERENCES strongroom.workspaces ON DELETE CASCADE,
    CONSTRAINT credential_grants_one_grantee CHECK (num_nonnulls(grantee_user_id, grantee_workspace_id) = 1)
);
CREATE UNIQUE INDEX credential_grants_key ON strongroom.credential_grants (credential_id, grantee_user_id, grantee_workspace_id) NULLS NOT DISTINCT;
CREATE INDEX credential_grants_user ON strongroom.credential_grants (grantee_user_id) WHERE grantee_user_id IS NOT NULL;
CREATE INDEX credential_grants_workspace ON strongroom.credential_grants (grantee_workspace_id) WHERE grantee_workspace_id IS NOT NULL;
CREATE INDEX credential_grants_owner ON strongroom.credential_grants (owner_id);
CREATE INDEX credential_grants_of_workspace ON strongroom.credential_grants (workspace_id) WHERE workspace_id IS NOT NULL;
CREATE INDEX credential_grants_created_by ON strongroom.credential_grants (created_by);

-- Whom it was done for: the grantee.
ALTER TABLE strongroom.activity_logs ADD COLUMN grantee_id uuid;

-- The credentials that are granted to the caller with that permission; NULL: with any.
CREATE FUNCTION strongroom.caller_grants(permission strongroom.grant_permission) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT g.credential_id FROM strongroom.credential_grants AS g
                 WHERE (g.grantee_user_id = strongroom.current_user_id()
                        OR g.grantee_workspace_id = ANY (strongroom.caller_workspaces('{OWNER,ADMIN,MEMBER}')))
                   AND coalesce(g.expires_at > clock_timestamp(), true)
                   AND coalesce(permission = ANY (g.permissions), true));
END $$;
-- What is granted to the caller of one credential.
CREATE FUNCTION strongroom.granted_permissions(credential uuid) RETURNS strongroom.grant_permission[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT DISTINCT permission FROM strongroom.credential_grants AS g, unnest(g.permissions) AS permission
                 WHERE g.credential_id = credential
                   AND (g.grantee_user_id = strongroom.current_user_id()
                        OR g.grantee_workspace_id = ANY (strongroom.caller_workspaces('{OWNER,ADMIN,MEMBER}')))
                   AND coalesce(g.expires_at > clock_timestamp(), true)
                 ORDER BY permission);
END $$;
GRANT EXECUTE ON FUNCTION strongroom.caller_grants(strongroom.grant_permission), strongroom.granted_permissions(uuid)
TO strongroom_app, strongroom_system;

ALTER TABLE strongroom.credential_grants ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.credential_grants FORCE ROW LEVEL SECURITY;
CREATE POLICY controller ON strongroom.credential_grants TO strongroom_app
    USING (strongroom.require_caller() AND EXISTS (
        SELECT FROM strongroom.user_credentials AS c WHERE c.id = credential_id
          AND ((c.scope = 'USER' AND c.user_id = (SELECT strongroom.current_user_id()))
               OR (c.scope = 'WORKSPACE' AND c.workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN}'))::uuid[])))));
-- Not one that has expired.
CREATE POLICY grantee_reads ON strongroom.credential_grants FOR SELECT TO strongroom_app
    USING (strongroom.require_caller() AND coalesce(expires_at > clock_timestamp(), true) AND (grantee_user_id = (SELECT strongroom.current_user_id())
           OR grantee_workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN,MEMBER}'))::uuid[])));
-- Only whom the granter knows of: a stranger's id is not told from one that does not exist.
CREATE POLICY known_grantee ON strongroom.credential_grants AS RESTRICTIVE FOR INSERT TO strongroom_app
    WITH CHECK (grantee_user_id = ANY ((SELECT strongroom.caller_colleagues())::uuid[])
                OR grantee_workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN,MEMBER,GUEST}'))::uuid[]));
CREATE POLICY full_token ON strongroom.credential_grants AS RESTRICTIVE TO strongroom_app
    USING (strongroom.require_caller() AND (SELECT strongroom.token_is_full()));
-- For caller_grants(), granted_permissions() and end_grants_of_member(), which run as the owner.
CREATE POLICY owner_reads ON strongroom.credential_grants FOR SELECT TO strongroom_owner USING (true);
CREATE POLICY owner_ends ON strongroom.credential_grants FOR DELETE TO strongroom_owner USING (true);
GRANT SELECT (id, credential_id, grantee_user_id, grantee_workspace_id, permissions, expires_at, created_by, created_at),
      INSERT (id, credential_id, grantee_user_id, grantee_workspace_id, permissions, expires_at),
      UPDATE (permissions, expires_at), DELETE
    ON strongroom.credential_grants TO strongroom_app;

-- Runs as whoever grants, and so finds the credential only where he may.
CREATE FUNCTION strongroom.note_grant() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    SELECT c.user_id, c.workspace_id INTO NEW.owner_id, NEW.workspace_id
    FROM strongroom.user_credentials AS c WHERE c.id = NEW.credential_id;
    RETURN NEW;
END $$;
CREATE TRIGGER note_grant BEFORE INSERT ON strongroom.credential_grants
    FOR EACH ROW EXECUTE FUNCTION strongroom.note_grant();

-- A grant rests on memberships: that by which the granter controls the credential, and those by which he knows the grantee.
-- The locks make whoever ends one wait, and find the grant, or be seen: the policies looked before the wait. The granter's
-- come first, as where members change. Whoever changes a grant need not know the grantee any more.
CREATE FUNCTION strongroom.guard_grant() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    caller uuid := strongroom.current_user_id();
BEGIN
    IF session_user NOT IN ('strongroom_app', 'strongroom_system') THEN
        RETURN NULL;
    END IF;
    PERFORM FROM strongroom.workspace_members AS m
    WHERE m.user_id = caller
      AND m.workspace_id IN (NEW.workspace_id, NEW.grantee_workspace_id,
                             (SELECT u.workspace_id FROM strongroom.users AS u WHERE u.id = NEW.grantee_user_id))
    ORDER BY m.workspace_id FOR SHARE;
    PERFORM FROM strongroom.workspace_members AS m
    WHERE m.user_id = NEW.grantee_user_id
      AND m.workspace_id IN (NEW.workspace_id, (SELECT u.workspace_id FROM strongroom.users AS u WHERE u.id = NEW.grantee_user_id))
    ORDER BY m.workspace_id FOR SHARE;
    IF NOT coalesce(CASE WHEN NEW.workspace_id IS NULL THEN NEW.owner_id = caller
                         ELSE NEW.workspace_id = ANY (strongroom.caller_workspaces('{OWNER,ADMIN}')) END, false)
       OR (TG_OP = 'INSERT'
           AND NOT coalesce(NEW.grantee_user_id = ANY (strongroom.caller_colleagues()),
                            NEW.grantee_workspace_id = ANY (strongroom.caller_workspaces('{OWNER,ADMIN,MEMBER,GUEST}')))) THEN
        RAISE EXCEPTION 'the caller may not grant that, or not to them, any more' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER guard_grant AFTER INSERT OR UPDATE ON strongroom.credential_grants
    FOR EACH ROW EXECUTE FUNCTION strongroom.guard_grant();

CREATE FUNCTION strongroom.record_grant() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    granted strongroom.credential_grants := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    -- A cascade has no caller; a runtime role without one has taken back its proof, and is refused by NOT NULL.
    IF strongroom.current_user_id() IS NULL AND session_user NOT IN ('strongroom_app', 'strongroom_system') THEN
        RETURN NULL;
    END IF;
    INSERT INTO strongroom.activity_logs
        (action, actor_id, entity_type, entity_id, owner_id, workspace_id, scope, provider, name, grantee_id)
    SELECT CASE TG_OP WHEN 'INSERT' THEN 'GRANT_CREATED' WHEN 'UPDATE' THEN 'GRANT_CHANGED' ELSE 'GRANT_REVOKED' END::strongroom.activity_action,
           strongroom.current_user_id(), 'CREDENTIAL', granted.credential_id, granted.owner_id, granted.workspace_id,
           CASE WHEN granted.workspace_id IS NULL THEN 'USER' ELSE 'WORKSPACE' END::strongroom.credential_scope,
           c.provider, c.name, coalesce(granted.grantee_user_id, granted.grantee_workspace_id)
    FROM (VALUES (1)) AS one LEFT JOIN strongroom.user_credentials AS c ON c.id = granted.credential_id;
    RETURN NULL;
END $$;
CREATE TRIGGER record_grant AFTER INSERT OR UPDATE OR DELETE ON strongroom.credential_grants
    FOR EACH ROW EXECUTE FUNCTION strongroom.record_grant();

-- What somebody sees through a workspace, he sees no more once he is out of it; nor does the workspace see what was his, nor
-- its service accounts. A service account without a seat has nothing.
CREATE FUNCTION strongroom.end_grants_of_member() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM strongroom.credential_grants AS g
    WHERE (g.grantee_user_id = OLD.user_id
           AND (g.workspace_id = OLD.workspace_id
                OR EXISTS (SELECT FROM strongroom.users AS u WHERE u.id = OLD.user_id AND u.workspace_id IS NOT NULL)))
       OR (g.owner_id = OLD.user_id AND g.workspace_id IS NULL
           AND (g.grantee_workspace_id = OLD.workspace_id
                OR EXISTS (SELECT FROM strongroom.users AS u WHERE u.id = g.grantee_user_id AND u.workspace_id = OLD.workspace_id)));
    RETURN NULL;
END $$;
CREATE TRIGGER end_grants_of_member AFTER DELETE ON strongroom.workspace_members
    FOR EACH ROW EXECUTE FUNCTION strongroom.end_grants_of_member();

-- The credentials themselves. GRANTs show the row; MANAGE changes it; values are reveal_credentials()'s.
CREATE POLICY granted_read ON strongroom.user_credentials FOR SELECT TO strongroom_app
    USING (strongroom.require_caller() AND id = ANY ((SELECT strongroom.caller_grants(NULL))::uuid[]));
CREATE POLICY granted_change ON strongroom.user_credentials FOR UPDATE TO strongroom_app
    USING (strongroom.require_caller() AND id = ANY ((SELECT strongroom.caller_grants('MANAGE'))::uuid[]));
DROP POLICY reveal ON strongroom.user_credentials;
-- For the functions that run as the owner: the same rows as the login that calls them may see.
CREATE POLICY reveal ON strongroom.user_credentials TO strongroom_owner
    USING (CASE session_user
        WHEN 'strongroom_app' THEN
            (scope = 'USER' AND user_id = (SELECT strongroom.current_user_id()))
            OR (scope = 'WORKSPACE' AND workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN}'))::uuid[]))
            OR id = ANY ((SELECT strongroom.caller_grants(NULL))::uuid[])
        WHEN 'strongroom_system' THEN scope = 'SYSTEM' AND (SELECT strongroom.caller_is_admin())
        ELSE false END);

-- The name is the controller's. A name that is taken is refused by a key of the owner's credentials: a grantee who renames,
-- or takes the name back for one that was revoked, would learn which others there are. Before the key is asked.
CREATE FUNCTION strongroom.guard_credential_name() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT coalesce(OLD.scope = 'SYSTEM' OR (OLD.scope = 'USER' AND OLD.user_id = strongroom.current_user_id())
                    OR OLD.workspace_id = ANY (strongroom.caller_workspaces('{OWNER,ADMIN}')), false) THEN
        RAISE EXCEPTION 'only whoever shares a credential names it, or restores it' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_credential_name BEFORE UPDATE ON strongroom.user_credentials
    FOR EACH ROW WHEN (NEW.name <> OLD.name OR NEW.is_active > OLD.is_active) EXECUTE FUNCTION strongroom.guard_credential_name();
