-- Workspaces. Whoever makes one becomes its OWNER in the same statement.

CREATE TABLE strongroom.workspaces (
    id uuid PRIMARY KEY,
    name varchar(255) NOT NULL CHECK (name <> ''),
    created_by uuid REFERENCES strongroom.users ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX workspaces_created_by ON strongroom.workspaces (created_by);

ALTER TABLE strongroom.workspaces ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.workspaces FORCE ROW LEVEL SECURITY;
CREATE POLICY member_reads ON strongroom.workspaces FOR SELECT TO strongroom_app
    USING (strongroom.require_caller() AND id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN,MEMBER,GUEST}'))::uuid[]));
CREATE POLICY anyone_creates ON strongroom.workspaces FOR INSERT TO strongroom_app
    WITH CHECK (created_by = (SELECT strongroom.current_user_id()));
GRANT SELECT ON strongroom.workspaces TO strongroom_app;
GRANT INSERT (id, name, created_by) ON strongroom.workspaces TO strongroom_app;
