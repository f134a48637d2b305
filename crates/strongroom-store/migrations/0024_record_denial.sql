-- More of what a role in a workspace may not allow.

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
