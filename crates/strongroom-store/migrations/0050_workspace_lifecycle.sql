-- Workspaces are renamed and deleted, and OWNERs may leave for as long as another OWNER stays.

GRANT UPDATE (name), DELETE ON strongroom.workspaces TO strongroom_app;
CREATE POLICY admin_renames ON strongroom.workspaces FOR UPDATE TO strongroom_app
    USING (strongroom.require_caller() AND id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN}'))::uuid[]));
CREATE POLICY full_token_renames ON strongroom.workspaces AS RESTRICTIVE FOR UPDATE TO strongroom_app, strongroom_system
    USING (strongroom.require_caller() AND (SELECT strongroom.token_is_full()));
CREATE POLICY owner_role_deletes ON strongroom.workspaces FOR DELETE TO strongroom_app
    USING (strongroom.require_caller() AND id = ANY ((SELECT strongroom.caller_workspaces('{OWNER}'))::uuid[]));
CREATE POLICY full_token_deletes ON strongroom.workspaces AS RESTRICTIVE FOR DELETE TO strongroom_app, strongroom_system
    USING (strongroom.require_caller() AND (SELECT strongroom.token_is_full()));
-- For guard_workspace_member() and record_workspace_member(), which run as the owner and tell a cascade by it.
CREATE POLICY owner_reads ON strongroom.workspaces FOR SELECT TO strongroom_owner USING (true);

CREATE FUNCTION strongroom.record_workspace_renamed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, workspace_id, name)
    VALUES ('WORKSPACE_RENAMED', strongroom.current_user_id(), 'WORKSPACE', NEW.id, NEW.id, NEW.name);
    RETURN NULL;
END $$;
CREATE TRIGGER record_workspace_renamed AFTER UPDATE OF name ON strongroom.workspaces
    FOR EACH ROW WHEN (NEW.name IS DISTINCT FROM OLD.name) EXECUTE FUNCTION strongroom.record_workspace_renamed();

-- Everything in a workspace goes with it, by cascade; what is written here stays. The row is locked by now: nothing is
-- added to the workspace any more. As where members change, the OWNER must still be one after the wait.
-- Only an administrator of the database has no caller; a runtime role without one has taken back its proof.
CREATE FUNCTION strongroom.record_workspace_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    caller uuid := strongroom.current_user_id();
BEGIN
    IF caller IS NULL THEN
        IF session_user IN ('strongroom_app', 'strongroom_system') THEN
            RAISE EXCEPTION 'no caller is proven in this transaction' USING ERRCODE = 'SR401';
        END IF;
        RETURN OLD;
    END IF;
    PERFORM FROM strongroom.workspace_members AS m
    WHERE m.workspace_id = OLD.id AND m.role = 'OWNER' ORDER BY m.user_id FOR UPDATE;
    IF NOT OLD.id = ANY (strongroom.caller_workspaces('{OWNER}')) THEN
        RAISE EXCEPTION 'the caller has not the role for it any more' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO strongroom.activity_logs
        (action, actor_id, entity_type, entity_id, owner_id, workspace_id, scope, provider, name, version)
    SELECT 'CREDENTIAL_PURGED', caller, 'CREDENTIAL', c.id, c.user_id, c.workspace_id, c.scope, c.provider, c.name, c.version
    FROM strongroom.user_credentials AS c WHERE c.workspace_id = OLD.id ORDER BY c.id;
    INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, workspace_id, name)
    VALUES ('WORKSPACE_DELETED', caller, 'WORKSPACE', OLD.id, OLD.id, OLD.name);
    RETURN OLD;
END $$;
CREATE TRIGGER record_workspace_deleted BEFORE DELETE ON strongroom.workspaces
    FOR EACH ROW EXECUTE FUNCTION strongroom.record_workspace_deleted();

-- Whoever wants to leave may, an OWNER too; the guard keeps the last one.
DROP POLICY own_leave ON strongroom.workspace_members;
CREATE POLICY own_leave ON strongroom.workspace_members FOR DELETE TO strongroom_app
    USING (strongroom.require_caller() AND user_id = (SELECT strongroom.current_user_id()));

-- Changes of a workspace's members wait for each other at the rows of its OWNERs, and whoever waited must still have the
-- role that the change needs: the policies looked before the wait. So two OWNERs who unseat each other at once do not both
-- succeed, nor do two who leave at once, and one who is being removed leaves nobody of his behind.
-- Whoever leaves needs no role; an OWNER needs another OWNER who stays, a person.
-- A cascade has no caller, or no workspace any more. A runtime role without a caller has taken back its proof in the
-- middle of its statement.
CREATE OR REPLACE FUNCTION strongroom.guard_workspace_member() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    caller uuid := strongroom.current_user_id();
    member strongroom.workspace_members := CASE TG_OP WHEN 'INSERT' THEN NEW ELSE OLD END;
    touched strongroom.workspace_role[] := array_remove(ARRAY[CASE TG_OP WHEN 'INSERT' THEN NULL ELSE OLD.role END,
                                                              CASE TG_OP WHEN 'DELETE' THEN NULL ELSE NEW.role END], NULL);
    needed strongroom.workspace_role[] := CASE WHEN touched <@ '{MEMBER,GUEST}' THEN '{OWNER,ADMIN}' ELSE '{OWNER}' END;
    seats_maker boolean := TG_OP = 'INSERT' AND member.role = 'OWNER' AND member.user_id = caller
        AND EXISTS (SELECT FROM strongroom.workspaces AS w WHERE w.id = member.workspace_id AND w.created_by = caller)
        AND NOT EXISTS (SELECT FROM strongroom.workspace_members AS m WHERE m.workspace_id = member.workspace_id);
    leaves boolean := TG_OP = 'DELETE' AND member.user_id = caller;
BEGIN
    IF caller IS NULL AND session_user IN ('strongroom_app', 'strongroom_system') THEN
        RAISE EXCEPTION 'no caller is proven in this transaction' USING ERRCODE = 'SR401';
    END IF;
    IF caller IS NULL OR seats_maker OR (leaves AND member.role <> 'OWNER')
       OR (TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM strongroom.workspaces AS w WHERE w.id = member.workspace_id)) THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    PERFORM FROM strongroom.workspace_members AS m
    WHERE m.workspace_id = member.workspace_id AND m.role = 'OWNER' ORDER BY m.user_id FOR UPDATE;
    IF leaves THEN
        PERFORM FROM strongroom.workspace_members AS m JOIN strongroom.users AS u ON u.id = m.user_id
        WHERE m.workspace_id = member.workspace_id AND m.role = 'OWNER' AND m.user_id <> caller AND u.workspace_id IS NULL;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'a workspace keeps an OWNER who is a person' USING ERRCODE = 'check_violation';
        END IF;
    ELSE
        PERFORM FROM strongroom.workspace_members AS m
        WHERE m.workspace_id = member.workspace_id AND m.user_id = caller AND m.role = ANY (needed) FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the caller has not the role for it any more' USING ERRCODE = 'insufficient_privilege';
        END IF;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

-- A cascade (its user or workspace is deleted) leaves no record of its own: it has no caller, or no workspace any more.
-- As above, a runtime role without a caller is no cascade.
CREATE OR REPLACE FUNCTION strongroom.record_workspace_member() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    member strongroom.workspace_members := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM strongroom.workspaces AS w WHERE w.id = member.workspace_id) THEN
        RETURN NULL;
    END IF;
    IF strongroom.current_user_id() IS NOT NULL OR session_user IN ('strongroom_app', 'strongroom_system') THEN
        INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, workspace_id, name)
        VALUES (CASE TG_OP WHEN 'INSERT' THEN 'MEMBER_ADDED' WHEN 'UPDATE' THEN 'MEMBER_CHANGED' ELSE 'MEMBER_REMOVED'
                END::strongroom.activity_action,
                strongroom.current_user_id(), 'USER', member.user_id, member.workspace_id, member.role::text);
    END IF;
    RETURN NULL;
END $$;

-- Records that the caller's role in a workspace of his did not allow what he tried there. The first of a minute: whoever
-- hammers cannot fill the log.
CREATE OR REPLACE FUNCTION strongroom.record_denial(workspace uuid, attempt strongroom.activity_action) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM strongroom.users AS u WHERE u.id = strongroom.current_user_id() FOR NO KEY UPDATE;
    INSERT INTO strongroom.activity_logs (action, outcome, reason, actor_id, entity_type, entity_id, workspace_id)
    SELECT attempt, 'DENIED', 'ROLE', strongroom.current_user_id(), 'WORKSPACE', workspace, workspace
    WHERE workspace = ANY (strongroom.caller_workspaces('{OWNER,ADMIN,MEMBER,GUEST}'))
      AND attempt IN ('CREDENTIAL_CREATED', 'MEMBER_ADDED', 'MEMBER_CHANGED', 'MEMBER_REMOVED', 'WORKSPACE_RENAMED',
                      'WORKSPACE_DELETED', 'SERVICE_ACCOUNT_CREATED', 'SERVICE_ACCOUNT_DISABLED', 'TOKEN_CREATED',
                      'TOKEN_REVOKED', 'TRUST_RULE_CREATED', 'TRUST_RULE_REMOVED')
      AND NOT EXISTS (
          SELECT FROM strongroom.activity_logs AS l
          WHERE l.actor_id = strongroom.current_user_id() AND l.occurred_at > clock_timestamp() - interval '1 minute'
            AND l.outcome = 'DENIED' AND l.action = attempt AND l.workspace_id = workspace);
END $$;
