-- Credentials: what people see of them, and the sealed envelope of the current version.
-- USER rows are their owner's alone, WORKSPACE rows their OWNERs' and ADMINs', SYSTEM rows the admin path's.

CREATE TYPE strongroom.credential_type AS ENUM ('API_KEY', 'OAUTH_TOKEN', 'ACCESS_TOKEN', 'SECRET', 'PASSWORD', 'CUSTOM');

CREATE TABLE strongroom.user_credentials (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES strongroom.users ON DELETE CASCADE,
    workspace_id uuid REFERENCES strongroom.workspaces ON DELETE CASCADE,
    name varchar(255) NOT NULL CHECK (name <> ''),
    provider varchar(100) NOT NULL CHECK (provider <> ''),
    type strongroom.credential_type NOT NULL,
    scope strongroom.credential_scope NOT NULL DEFAULT 'USER',
    encrypted_value text NOT NULL CHECK (octet_length(encrypted_value) BETWEEN 1 AND 100000),
    masked_value varchar(20) NOT NULL,
    version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    description text CHECK (length(description) <= 2000),
    expires_at timestamptz,
    last_used_at timestamptz,
    metadata jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object' AND octet_length(metadata::text) <= 32768),
    is_active boolean NOT NULL DEFAULT true,
    rotated_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_credentials_scope_workspace CHECK ((scope = 'WORKSPACE') = (workspace_id IS NOT NULL))
);
-- Led by the owner: a name that is taken tells an outsider nothing.
CREATE UNIQUE INDEX user_credentials_name_key ON strongroom.user_credentials (user_id, workspace_id, provider, name)
    NULLS NOT DISTINCT WHERE is_active;
CREATE INDEX user_credentials_owner ON strongroom.user_credentials (user_id, id DESC);
CREATE INDEX user_credentials_workspace ON strongroom.user_credentials (workspace_id, id DESC) WHERE workspace_id IS NOT NULL;
CREATE INDEX user_credentials_system ON strongroom.user_credentials (id DESC) WHERE scope = 'SYSTEM';

ALTER TABLE strongroom.user_credentials ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.user_credentials FORCE ROW LEVEL SECURITY;
CREATE POLICY own_read ON strongroom.user_credentials FOR SELECT TO strongroom_app
    USING (strongroom.require_caller() AND scope = 'USER' AND user_id = (SELECT strongroom.current_user_id()));
CREATE POLICY own_create ON strongroom.user_credentials FOR INSERT TO strongroom_app
    WITH CHECK (scope = 'USER' AND user_id = (SELECT strongroom.current_user_id()));
CREATE POLICY own_change ON strongroom.user_credentials FOR UPDATE TO strongroom_app
    USING (strongroom.require_caller() AND scope = 'USER' AND user_id = (SELECT strongroom.current_user_id()));
CREATE POLICY workspace_read ON strongroom.user_credentials FOR SELECT TO strongroom_app
    USING (strongroom.require_caller() AND scope = 'WORKSPACE' AND workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN}'))::uuid[]));
CREATE POLICY workspace_create ON strongroom.user_credentials FOR INSERT TO strongroom_app
    WITH CHECK (scope = 'WORKSPACE' AND user_id = (SELECT strongroom.current_user_id())
                AND workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN}'))::uuid[]));
CREATE POLICY workspace_change ON strongroom.user_credentials FOR UPDATE TO strongroom_app
    USING (strongroom.require_caller() AND scope = 'WORKSPACE' AND workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN}'))::uuid[]));
CREATE POLICY system_read ON strongroom.user_credentials FOR SELECT TO strongroom_system
    USING (strongroom.require_caller() AND scope = 'SYSTEM' AND (SELECT strongroom.caller_is_admin()));
CREATE POLICY system_create ON strongroom.user_credentials FOR INSERT TO strongroom_system
    WITH CHECK (scope = 'SYSTEM' AND user_id = (SELECT strongroom.current_user_id())
                AND (SELECT strongroom.caller_is_admin()));
CREATE POLICY system_change ON strongroom.user_credentials FOR UPDATE TO strongroom_system
    USING (strongroom.require_caller() AND scope = 'SYSTEM' AND (SELECT strongroom.caller_is_admin()));

-- For reveal_credential(), which runs as the owner: the same rows, by the login that calls it.
CREATE POLICY reveal ON strongroom.user_credentials TO strongroom_owner
    USING (CASE session_user
        WHEN 'strongroom_app' THEN
            (scope = 'USER' AND user_id = (SELECT strongroom.current_user_id()))
            OR (scope = 'WORKSPACE' AND workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN}'))::uuid[]))
        WHEN 'strongroom_system' THEN scope = 'SYSTEM' AND (SELECT strongroom.caller_is_admin())
        ELSE false END);

-- Envelopes can be written and not read: they leave one at a time, through reveal_credential(), which writes the record.
-- No column of a row's identity (id, owner, workspace, scope, creation) can be updated; nothing is deleted.
GRANT SELECT (id, user_id, workspace_id, name, provider, type, scope, masked_value, version, description, expires_at,
              last_used_at, metadata, is_active, rotated_at, created_at, updated_at),
      INSERT (id, user_id, workspace_id, name, provider, type, scope, encrypted_value, masked_value,
              description, expires_at, metadata),
      UPDATE (name, description, expires_at, metadata, encrypted_value, masked_value, version, is_active)
    ON strongroom.user_credentials TO strongroom_app, strongroom_system;

CREATE FUNCTION strongroom.record_credential() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO strongroom.activity_logs
        (action, actor_id, entity_type, entity_id, owner_id, workspace_id, scope, provider, name, version)
    VALUES (CASE WHEN TG_OP = 'INSERT' THEN 'CREDENTIAL_CREATED'
                 WHEN NEW.version <> OLD.version THEN 'CREDENTIAL_ROTATED'
                 WHEN OLD.is_active AND NOT NEW.is_active THEN 'CREDENTIAL_REVOKED'
                 WHEN NEW.is_active AND NOT OLD.is_active THEN 'CREDENTIAL_RESTORED'
                 ELSE 'CREDENTIAL_UPDATED' END::strongroom.activity_action,
            strongroom.current_user_id(), 'CREDENTIAL', NEW.id, NEW.user_id, NEW.workspace_id, NEW.scope,
            NEW.provider, NEW.name, NEW.version);
    RETURN NULL;
END $$;
CREATE TRIGGER record_credential_created AFTER INSERT ON strongroom.user_credentials
    FOR EACH ROW EXECUTE FUNCTION strongroom.record_credential();
-- Every change is recorded but that of last_used_at, which is a reveal's, has its own record, and is granted to nobody.
CREATE TRIGGER record_credential_changed AFTER UPDATE ON strongroom.user_credentials
    FOR EACH ROW WHEN (NEW.last_used_at IS NOT DISTINCT FROM OLD.last_used_at)
    EXECUTE FUNCTION strongroom.record_credential();
