-- Service accounts: the callers that are no persons. Each belongs to one workspace, is seated there as MEMBER or ADMIN,
-- and owns nothing by itself: whoever holds its tokens would read it.

ALTER TABLE strongroom.users
    ALTER COLUMN email DROP NOT NULL,
    ADD COLUMN workspace_id uuid REFERENCES strongroom.workspaces ON DELETE CASCADE,
    ADD COLUMN description varchar(2000),
    ADD COLUMN created_by uuid REFERENCES strongroom.users ON DELETE SET NULL DEFAULT strongroom.current_user_id(),
    ADD COLUMN disabled_at timestamptz,
    ADD CONSTRAINT users_person_or_service_account
        CHECK ((workspace_id IS NULL AND email IS NOT NULL AND disabled_at IS NULL)
               OR (workspace_id IS NOT NULL AND email IS NULL AND NOT is_admin));
CREATE INDEX users_workspace ON strongroom.users (workspace_id, id DESC) WHERE workspace_id IS NOT NULL;

-- Whether the caller is a person.
CREATE FUNCTION strongroom.caller_is_person() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM strongroom.users WHERE id = strongroom.current_user_id() AND workspace_id IS NULL);
END $$;
GRANT EXECUTE ON FUNCTION strongroom.caller_is_person() TO strongroom_app, strongroom_system;

CREATE POLICY service_accounts ON strongroom.users FOR SELECT TO strongroom_app
    USING (strongroom.require_caller() AND workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN}'))::uuid[]));
CREATE POLICY service_account_create ON strongroom.users FOR INSERT TO strongroom_app
    WITH CHECK (workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN}'))::uuid[]));
CREATE POLICY service_account_disable ON strongroom.users FOR UPDATE TO strongroom_app
    USING (strongroom.require_caller() AND workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN}'))::uuid[]));
GRANT SELECT (workspace_id, description, created_by, disabled_at), INSERT (id, display_name, workspace_id, description), UPDATE (disabled_at)
    ON strongroom.users TO strongroom_app;

-- A disabling is final and dated by the database.
CREATE FUNCTION strongroom.guard_service_account() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.disabled_at := coalesce(OLD.disabled_at, now());
    RETURN NEW;
END $$;
CREATE TRIGGER guard_service_account BEFORE UPDATE OF disabled_at ON strongroom.users
    FOR EACH ROW WHEN (NEW.workspace_id IS NOT NULL) EXECUTE FUNCTION strongroom.guard_service_account();

-- Seats a new service account, and ends a disabled one: at once and for good, its tokens and its membership with it.
CREATE FUNCTION strongroom.record_service_account() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- The id of one that was deleted is the key to what the record keeps of it. Not before the row is in, and so allowed:
    -- nobody else is told whose ids there have been.
    IF TG_OP = 'INSERT' AND EXISTS (SELECT FROM strongroom.activity_logs WHERE actor_id = NEW.id OR owner_id = NEW.id) THEN
        RAISE EXCEPTION 'the id has been somebody''s' USING ERRCODE = 'unique_violation';
    END IF;
    INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, workspace_id, name)
    VALUES (CASE TG_OP WHEN 'INSERT' THEN 'SERVICE_ACCOUNT_CREATED' ELSE 'SERVICE_ACCOUNT_DISABLED' END::strongroom.activity_action,
            strongroom.current_user_id(), 'SERVICE_ACCOUNT', NEW.id, NEW.workspace_id, NEW.display_name);
    IF TG_OP = 'INSERT' THEN
        INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES (NEW.workspace_id, NEW.id, 'MEMBER');
    ELSE
        UPDATE strongroom.api_tokens AS t SET revoked_at = now() WHERE t.user_id = NEW.id AND t.revoked_at IS NULL;
        DELETE FROM strongroom.workspace_members AS m WHERE m.user_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER record_service_account_created AFTER INSERT ON strongroom.users
    FOR EACH ROW WHEN (NEW.workspace_id IS NOT NULL) EXECUTE FUNCTION strongroom.record_service_account();
CREATE TRIGGER record_service_account_disabled AFTER UPDATE OF disabled_at ON strongroom.users
    FOR EACH ROW WHEN (OLD.disabled_at IS NULL AND NEW.disabled_at IS NOT NULL) EXECUTE FUNCTION strongroom.record_service_account();
-- For record_service_account(), which runs as the owner.
CREATE POLICY owner_unseats ON strongroom.workspace_members FOR DELETE TO strongroom_owner USING (true);

-- A service account sits in its own workspace alone, as MEMBER or ADMIN, and not once it is disabled.
CREATE FUNCTION strongroom.guard_service_account_seat() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- The policies, which are asked after this, refuse whoever seats nobody there: he is not told who is a service account.
    IF session_user IN ('strongroom_app', 'strongroom_system')
       AND NOT coalesce(NEW.workspace_id = ANY (strongroom.caller_workspaces('{OWNER,ADMIN}')), false) THEN
        RETURN NEW;
    END IF;
    -- The lock makes a disabling wait, or be seen.
    PERFORM FROM strongroom.users AS u WHERE u.id = NEW.user_id AND u.workspace_id IS NOT NULL FOR SHARE;
    IF EXISTS (SELECT FROM strongroom.users AS u WHERE u.id = NEW.user_id AND u.workspace_id IS NOT NULL
               AND (u.workspace_id <> NEW.workspace_id OR u.disabled_at IS NOT NULL OR NEW.role NOT IN ('ADMIN', 'MEMBER'))) THEN
        RAISE EXCEPTION 'a service account is MEMBER or ADMIN of its own workspace' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_service_account_seat BEFORE INSERT OR UPDATE ON strongroom.workspace_members
    FOR EACH ROW EXECUTE FUNCTION strongroom.guard_service_account_seat();

-- A token that is being made for a service account makes its disabling wait, which then revokes it.
CREATE OR REPLACE FUNCTION strongroom.guard_new_api_token() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF strongroom.current_user_id() IS NULL THEN
        RETURN NEW;
    END IF;
    PERFORM FROM strongroom.api_tokens AS t
    WHERE t.id = strongroom.current_token_id() AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp() FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the caller is not proven' USING ERRCODE = 'SR401';
    END IF;
    -- Of accounts that are not the caller's to administer, the policies tell nothing: they are asked after this.
    PERFORM FROM strongroom.users AS u
    WHERE u.id = NEW.user_id AND u.workspace_id = ANY (strongroom.caller_workspaces('{OWNER,ADMIN}')) FOR SHARE;
    IF EXISTS (SELECT FROM strongroom.users AS u WHERE u.id = NEW.user_id AND u.disabled_at IS NOT NULL
               AND u.workspace_id = ANY (strongroom.caller_workspaces('{OWNER,ADMIN}'))) THEN
        RAISE EXCEPTION 'the service account is disabled' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

-- What a service account would own, whoever holds its tokens would read.
CREATE POLICY own_create_by_persons ON strongroom.user_credentials AS RESTRICTIVE FOR INSERT TO strongroom_app
    WITH CHECK (scope <> 'USER' OR (SELECT strongroom.caller_is_person()));
CREATE POLICY created_by_persons ON strongroom.workspaces AS RESTRICTIVE FOR INSERT TO strongroom_app
    WITH CHECK ((SELECT strongroom.caller_is_person()));
