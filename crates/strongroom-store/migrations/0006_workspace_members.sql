-- Who belongs to a workspace, and as what. OWNERs manage everybody; ADMINs manage MEMBERs and GUESTs,
-- so that an ADMIN can neither raise himself nor unseat an OWNER. Nobody changes his own membership, so that
-- an OWNER who acts is an OWNER who stays; others may leave.

CREATE TABLE strongroom.workspace_members (
    workspace_id uuid NOT NULL REFERENCES strongroom.workspaces ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES strongroom.users ON DELETE CASCADE,
    role strongroom.workspace_role NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX workspace_members_user ON strongroom.workspace_members (user_id, role, workspace_id);

ALTER TABLE strongroom.workspace_members ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.workspace_members FORCE ROW LEVEL SECURITY;
CREATE POLICY member_reads ON strongroom.workspace_members FOR SELECT TO strongroom_app
    USING (strongroom.require_caller() AND workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN,MEMBER,GUEST}'))::uuid[]));
CREATE POLICY owner_role_adds ON strongroom.workspace_members FOR INSERT TO strongroom_app
    WITH CHECK (workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER}'))::uuid[]));
CREATE POLICY admin_role_adds ON strongroom.workspace_members FOR INSERT TO strongroom_app
    WITH CHECK (role IN ('MEMBER', 'GUEST') AND workspace_id = ANY ((SELECT strongroom.caller_workspaces('{ADMIN}'))::uuid[]));
CREATE POLICY owner_role_changes ON strongroom.workspace_members FOR UPDATE TO strongroom_app
    USING (strongroom.require_caller() AND user_id <> (SELECT strongroom.current_user_id())
           AND workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER}'))::uuid[]));
CREATE POLICY admin_role_changes ON strongroom.workspace_members FOR UPDATE TO strongroom_app
    USING (strongroom.require_caller() AND role IN ('MEMBER', 'GUEST') AND workspace_id = ANY ((SELECT strongroom.caller_workspaces('{ADMIN}'))::uuid[]));
CREATE POLICY owner_role_removes ON strongroom.workspace_members FOR DELETE TO strongroom_app
    USING (strongroom.require_caller() AND user_id <> (SELECT strongroom.current_user_id())
           AND workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER}'))::uuid[]));
CREATE POLICY admin_role_removes ON strongroom.workspace_members FOR DELETE TO strongroom_app
    USING (strongroom.require_caller() AND role IN ('MEMBER', 'GUEST') AND workspace_id = ANY ((SELECT strongroom.caller_workspaces('{ADMIN}'))::uuid[]));
-- Whoever is no OWNER may leave.
CREATE POLICY own_leave ON strongroom.workspace_members FOR DELETE TO strongroom_app
    USING (strongroom.require_caller() AND role <> 'OWNER' AND user_id = (SELECT strongroom.current_user_id()));
-- For caller_workspaces(), caller_colleagues(), seat_workspace_owner() and guard_workspace_member(), which run as the
-- owner; the last one locks.
CREATE POLICY owner_reads ON strongroom.workspace_members FOR SELECT TO strongroom_owner USING (true);
CREATE POLICY owner_locks ON strongroom.workspace_members FOR UPDATE TO strongroom_owner USING (true);
CREATE POLICY owner_inserts ON strongroom.workspace_members FOR INSERT TO strongroom_owner WITH CHECK (true);
GRANT SELECT, DELETE ON strongroom.workspace_members TO strongroom_app;
GRANT INSERT (workspace_id, user_id, role), UPDATE (role) ON strongroom.workspace_members TO strongroom_app;

CREATE FUNCTION strongroom.seat_workspace_owner() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES (NEW.id, NEW.created_by, 'OWNER');
    INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, workspace_id, name)
    VALUES ('WORKSPACE_CREATED', NEW.created_by, 'WORKSPACE', NEW.id, NEW.id, NEW.name);
    RETURN NULL;
END $$;
CREATE TRIGGER seat_workspace_owner AFTER INSERT ON strongroom.workspaces
    FOR EACH ROW EXECUTE FUNCTION strongroom.seat_workspace_owner();

-- Changes of a workspace's members wait for each other at the rows of its OWNERs, and whoever waited must still have the
-- role that the change needs: the policies looked before the wait. So two OWNERs who unseat each other at once do not both
-- succeed, and one who is being removed leaves nobody of his behind. Whoever leaves needs no role.
-- Only a cascade has no caller. A runtime role without one has taken back its proof in the middle of its statement.
CREATE FUNCTION strongroom.guard_workspace_member() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    caller uuid := strongroom.current_user_id();
    member strongroom.workspace_members := CASE TG_OP WHEN 'INSERT' THEN NEW ELSE OLD END;
    touched strongroom.workspace_role[] := array_remove(ARRAY[CASE TG_OP WHEN 'INSERT' THEN NULL ELSE OLD.role END,
                                                              CASE TG_OP WHEN 'DELETE' THEN NULL ELSE NEW.role END], NULL);
    needed strongroom.workspace_role[] := CASE WHEN touched <@ '{MEMBER,GUEST}' THEN '{OWNER,ADMIN}' ELSE '{OWNER}' END;
    seats_maker boolean := TG_OP = 'INSERT' AND pg_trigger_depth() > 1;
    leaves boolean := TG_OP = 'DELETE' AND member.user_id = caller;
BEGIN
    IF caller IS NULL AND session_user IN ('strongroom_app', 'strongroom_system') THEN
        RAISE EXCEPTION 'no caller is proven in this transaction' USING ERRCODE = 'SR401';
    END IF;
    IF caller IS NOT NULL AND NOT seats_maker AND NOT leaves THEN
        PERFORM FROM strongroom.workspace_members AS m
        WHERE m.workspace_id = member.workspace_id AND m.role = 'OWNER' ORDER BY m.user_id FOR UPDATE;
        PERFORM FROM strongroom.workspace_members AS m
        WHERE m.workspace_id = member.workspace_id AND m.user_id = caller AND m.role = ANY (needed) FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the caller has not the role for it any more' USING ERRCODE = 'insufficient_privilege';
        END IF;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER guard_workspace_member BEFORE INSERT OR UPDATE OR DELETE ON strongroom.workspace_members
    FOR EACH ROW EXECUTE FUNCTION strongroom.guard_workspace_member();

-- A cascade (its user or workspace is deleted) has no caller, and leaves no record of its own. As above, a runtime role
-- without a caller is none.
CREATE FUNCTION strongroom.record_workspace_member() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    member strongroom.workspace_members := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    IF strongroom.current_user_id() IS NOT NULL OR session_user IN ('strongroom_app', 'strongroom_system') THEN
        INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, workspace_id, name)
        VALUES (CASE TG_OP WHEN 'INSERT' THEN 'MEMBER_ADDED' WHEN 'UPDATE' THEN 'MEMBER_CHANGED' ELSE 'MEMBER_REMOVED'
                END::strongroom.activity_action,
                strongroom.current_user_id(), 'USER', member.user_id, member.workspace_id, member.role::text);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER record_workspace_member AFTER INSERT OR UPDATE OR DELETE ON strongroom.workspace_members
    FOR EACH ROW EXECUTE FUNCTION strongroom.record_workspace_member();
