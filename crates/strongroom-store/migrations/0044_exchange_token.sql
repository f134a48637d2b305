-- Trades what a workload's own provider says of it for a token of the service account that trusts it.

-- Records that an account's exchange was refused: the first of a minute. Raises SR402 for all but the server.
CREATE FUNCTION strongroom.record_refused_exchange(
    server_secret bytea, account uuid, refusal text, claimed text, request uuid, address inet, agent text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    workspace uuid;
BEGIN
    PERFORM strongroom.require_server(server_secret);
    PERFORM strongroom.describe_request(request, address, agent);
    -- The lock makes those that come at once count each other.
    SELECT u.workspace_id INTO workspace FROM strongroom.users AS u
    WHERE u.id = account AND u.workspace_id IS NOT NULL FOR NO KEY UPDATE;
    INSERT INTO strongroom.activity_logs (action, outcome, reason, actor_id, entity_type, entity_id, owner_id, workspace_id, name)
    SELECT 'TOKEN_EXCHANGED', 'DENIED', refusal, account, 'SERVICE_ACCOUNT', account, account, workspace, left(claimed, 255)
    WHERE workspace IS NOT NULL AND NOT EXISTS (
        SELECT FROM strongroom.activity_logs AS l
        WHERE l.actor_id = account AND l.occurred_at > clock_timestamp() - interval '1 minute'
          AND l.outcome = 'DENIED' AND l.action = 'TOKEN_EXCHANGED');
END $$;

-- Makes a token for the account by the first of its rules that fits; no row, and a record, where none does. On the server's
-- word that the issuer has signed these claims. The token reaches no further than the account's workspace and the rule.
CREATE FUNCTION strongroom.exchange_token(
    server_secret bytea, account uuid, identity_issuer text, identity_subject text, audiences text[], identity_claims jsonb,
    token uuid, token_secret bytea, request uuid, address inet, agent text
) RETURNS TABLE (lifetime_seconds integer, actions text[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    workspace uuid;
    rule strongroom.trust_rules;
    seconds integer;
BEGIN
    PERFORM strongroom.require_server(server_secret);
    PERFORM strongroom.describe_request(request, address, agent);
    -- The lock makes a disabling wait, or be seen.
    SELECT u.workspace_id INTO workspace FROM strongroom.users AS u
    WHERE u.id = account AND u.workspace_id IS NOT NULL AND u.disabled_at IS NULL FOR SHARE;
    -- A token that is for others besides could have been brought here by one of them: the rule's audience is the only one.
    SELECT r.* INTO rule FROM strongroom.trust_rules AS r
    WHERE r.service_account_id = account AND workspace IS NOT NULL AND r.issuer = identity_issuer AND audiences = ARRAY[r.audience::text]
      AND NOT EXISTS (
          SELECT FROM jsonb_each_text(r.claims) AS wanted
          WHERE NOT coalesce(jsonb_typeof(identity_claims -> wanted.key) = 'string' AND CASE
              WHEN right(wanted.value, 1) = '*' THEN starts_with(identity_claims ->> wanted.key, left(wanted.value, -1))
              ELSE identity_claims ->> wanted.key = wanted.value END, false))
    ORDER BY r.id LIMIT 1;
    IF rule.id IS NULL THEN
        PERFORM strongroom.record_refused_exchange(server_secret, account, 'TRUST_RULE', identity_issuer || ' ' || identity_subject,
                                                   request, address, agent);
        RETURN;
    END IF;
    seconds := least(greatest(rule.lifetime_seconds, 60), 3600);
    DELETE FROM strongroom.api_tokens AS t WHERE t.user_id = account AND t.kind = 'EXCHANGED' AND t.expires_at < clock_timestamp();
    INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, kind, workspace_id, provider, actions, expires_at)
    VALUES (token, account, 'exchanged token', sha256(uuid_send(account) || token_secret), 'EXCHANGED', workspace, rule.provider,
            rule.actions, now() + make_interval(secs => seconds));
    INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, owner_id, workspace_id, provider, name)
    VALUES ('TOKEN_EXCHANGED', account, 'API_TOKEN', token, account, workspace, rule.provider,
            left(identity_issuer || ' ' || identity_subject, 255));
    -- Who was let in is on disk before he is told.
    PERFORM CASE WHEN current_setting('synchronous_commit') <> 'remote_apply' THEN set_config('synchronous_commit', 'on', true) END;
    RETURN QUERY SELECT seconds, rule.actions::text[];
END $$;
GRANT EXECUTE ON FUNCTION
    strongroom.record_refused_exchange(bytea, uuid, text, text, uuid, inet, text),
    strongroom.exchange_token(bytea, uuid, text, text, text[], jsonb, uuid, bytea, uuid, inet, text)
TO strongroom_app;
