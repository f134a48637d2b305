-- The record. Rows are inserted by the triggers of the tables that they tell of, by reveal_credential() and by
-- record_denial(), which run as the owner: no runtime role can change or remove one, or add one but through them.
-- No foreign keys: history survives what it speaks of.

CREATE TYPE strongroom.entity_type AS ENUM ('CREDENTIAL', 'WORKSPACE', 'API_TOKEN', 'INVITATION', 'USER');
CREATE TYPE strongroom.activity_action AS ENUM (
    'CREDENTIAL_CREATED', 'CREDENTIAL_ACCESSED', 'CREDENTIAL_ROTATED', 'CREDENTIAL_REVOKED',
    'CREDENTIAL_UPDATED', 'CREDENTIAL_RESTORED',
    'WORKSPACE_CREATED', 'MEMBER_ADDED', 'MEMBER_CHANGED', 'MEMBER_REMOVED',
    'TOKEN_CREATED', 'TOKEN_REVOKED', 'INVITATION_CREATED', 'INVITATION_ACCEPTED');
CREATE TYPE strongroom.activity_outcome AS ENUM ('ALLOWED', 'DENIED');
CREATE TYPE strongroom.credential_scope AS ENUM ('USER', 'WORKSPACE', 'SYSTEM');

CREATE TABLE strongroom.activity_logs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The time of the act, not of its transaction, which a caller may hold open.
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    action strongroom.activity_action NOT NULL,
    outcome strongroom.activity_outcome NOT NULL DEFAULT 'ALLOWED',
    reason varchar(50) CHECK ((outcome = 'DENIED') = (reason IS NOT NULL)),
    actor_id uuid NOT NULL,
    entity_type strongroom.entity_type NOT NULL,
    entity_id uuid NOT NULL,
    -- What the entity was at that moment: who owns it, and what the viewer filters by.
    owner_id uuid,
    workspace_id uuid,
    scope strongroom.credential_scope,
    provider varchar(100),
    name varchar(255),
    version integer,
    -- The HTTP request that caused the row, for those who look into the server's log.
    request_id uuid DEFAULT nullif(current_setting('strongroom.request_id', true), '')::uuid
);
CREATE INDEX activity_logs_actor ON strongroom.activity_logs (actor_id, occurred_at DESC);
CREATE INDEX activity_logs_owner ON strongroom.activity_logs (owner_id, id DESC);
CREATE INDEX activity_logs_workspace ON strongroom.activity_logs (workspace_id, id DESC) WHERE workspace_id IS NOT NULL;

ALTER TABLE strongroom.activity_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.activity_logs FORCE ROW LEVEL SECURITY;
CREATE POLICY own_actions ON strongroom.activity_logs FOR SELECT TO strongroom_app, strongroom_system
    USING (strongroom.require_caller() AND actor_id = (SELECT strongroom.current_user_id()));
CREATE POLICY own_credentials ON strongroom.activity_logs FOR SELECT TO strongroom_app
    USING (strongroom.require_caller() AND owner_id = (SELECT strongroom.current_user_id()) AND scope = 'USER');
CREATE POLICY administered_workspaces ON strongroom.activity_logs FOR SELECT TO strongroom_app
    USING (strongroom.require_caller()
           AND workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN}'))::uuid[]));
CREATE POLICY system_records ON strongroom.activity_logs FOR SELECT TO strongroom_system
    USING (strongroom.require_caller()
           AND (scope = 'SYSTEM' OR entity_type = 'INVITATION') AND (SELECT strongroom.caller_is_admin()));
CREATE POLICY auditor_reads ON strongroom.activity_logs FOR SELECT TO strongroom_auditor USING (true);
-- For the functions that write the record, count a caller's reveals, and keep a former person's id from a new one.
CREATE POLICY owner_reads ON strongroom.activity_logs FOR SELECT TO strongroom_owner USING (true);
CREATE POLICY owner_inserts ON strongroom.activity_logs FOR INSERT TO strongroom_owner WITH CHECK (true);
GRANT SELECT ON strongroom.activity_logs TO strongroom_app, strongroom_system, strongroom_auditor;

-- Records that the caller's role in a workspace of his did not allow what he tried there. The first of a minute: whoever
-- hammers cannot fill the log.
CREATE FUNCTION strongroom.record_denial(workspace uuid, attempt strongroom.activity_action) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM strongroom.users AS u WHERE u.id = strongroom.current_user_id() FOR NO KEY UPDATE;
    INSERT INTO strongroom.activity_logs (action, outcome, reason, actor_id, entity_type, entity_id, workspace_id)
    SELECT attempt, 'DENIED', 'ROLE', strongroom.current_user_id(), 'WORKSPACE', workspace, workspace
    WHERE workspace = ANY (strongroom.caller_workspaces('{OWNER,ADMIN,MEMBER,GUEST}'))
      AND attempt IN ('CREDENTIAL_CREATED', 'MEMBER_ADDED', 'MEMBER_CHANGED', 'MEMBER_REMOVED')
      AND NOT EXISTS (
          SELECT FROM strongroom.activity_logs AS l
          WHERE l.actor_id = strongroom.current_user_id() AND l.occurred_at > clock_timestamp() - interval '1 minute'
            AND l.outcome = 'DENIED' AND l.action = attempt AND l.workspace_id = workspace);
END $$;
GRANT EXECUTE ON FUNCTION strongroom.record_denial(uuid, strongroom.activity_action) TO strongroom_app;
