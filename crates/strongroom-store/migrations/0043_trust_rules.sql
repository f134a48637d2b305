-- Which workloads come in as a service account: those whose own OpenID provider vouches for claims that a rule names
-- (RFC 8693). Its workspace's OWNERs and ADMINs make the rules; the operator says which providers there are.

CREATE TABLE strongroom.trust_rules (
    id uuid PRIMARY KEY,
    service_account_id uuid NOT NULL REFERENCES strongroom.users ON DELETE CASCADE,
    issuer varchar(255) NOT NULL CHECK (issuer <> ''),
    audience varchar(255) NOT NULL CHECK (audience <> ''),
    -- Texts by the names of claims; a text that ends in * stands for all that begin with what is before it. One of them
    -- tells workloads of a provider that serves everybody apart from each other.
    claims jsonb NOT NULL CHECK (jsonb_typeof(claims) = 'object' AND octet_length(claims::text) <= 10000 AND claims ?|
        '{sub,repository,repository_id,repository_owner,repository_owner_id,project_id,project_path,namespace_id,namespace_path}'),
    -- The scope of the tokens; as in api_tokens.
    provider varchar(100) CHECK (provider <> ''),
    actions strongroom.token_action[] NOT NULL DEFAULT '{LIST,USE}'
        CHECK (cardinality(actions) BETWEEN 1 AND 4 AND array_position(actions, NULL) IS NULL
               AND (NOT 'MANAGE' = ANY (actions) OR 'LIST' = ANY (actions))),
    lifetime_seconds integer NOT NULL DEFAULT 900 CHECK (lifetime_seconds BETWEEN 60 AND 3600),
    created_by uuid REFERENCES strongroom.users ON DELETE SET NULL DEFAULT strongroom.current_user_id(),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX trust_rules_service_account ON strongroom.trust_rules (service_account_id, id);
CREATE INDEX trust_rules_created_by ON strongroom.trust_rules (created_by);

ALTER TABLE strongroom.trust_rules ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.trust_rules FORCE ROW LEVEL SECURITY;
CREATE POLICY administered_accounts ON strongroom.trust_rules TO strongroom_app
    USING (strongroom.require_caller() AND service_account_id = ANY ((SELECT strongroom.caller_service_accounts())::uuid[]))
    WITH CHECK (service_account_id = ANY ((SELECT strongroom.caller_service_accounts())::uuid[]));
CREATE POLICY full_token ON strongroom.trust_rules AS RESTRICTIVE TO strongroom_app
    USING (strongroom.require_caller() AND (SELECT strongroom.token_is_full()))
    WITH CHECK ((SELECT strongroom.token_is_full()));
-- For exchange_token(), which runs as the owner.
CREATE POLICY owner_reads ON strongroom.trust_rules FOR SELECT TO strongroom_owner USING (true);
GRANT SELECT, DELETE, INSERT (id, service_account_id, issuer, audience, claims, provider, actions, lifetime_seconds)
    ON strongroom.trust_rules TO strongroom_app;

-- As everywhere, only a cascade has no caller.
CREATE FUNCTION strongroom.record_trust_rule() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rule strongroom.trust_rules := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    IF strongroom.current_user_id() IS NOT NULL OR session_user IN ('strongroom_app', 'strongroom_system') THEN
        INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, owner_id, workspace_id, provider, name)
        VALUES (CASE TG_OP WHEN 'INSERT' THEN 'TRUST_RULE_CREATED' ELSE 'TRUST_RULE_REMOVED' END::strongroom.activity_action,
                strongroom.current_user_id(), 'TRUST_RULE', rule.id, rule.service_account_id,
                (SELECT u.workspace_id FROM strongroom.users AS u WHERE u.id = rule.service_account_id), rule.provider, rule.issuer);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER record_trust_rule AFTER INSERT OR DELETE ON strongroom.trust_rules
    FOR EACH ROW EXECUTE FUNCTION strongroom.record_trust_rule();
