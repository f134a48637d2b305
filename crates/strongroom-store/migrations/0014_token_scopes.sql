-- What a bearer secret is and how far it reaches. Sessions and exchanged tokens are rows of api_tokens too: one table,
-- one hash, one proof. A token's scope narrows what its user may do, by restrictive policies, and never widens it.

CREATE TYPE strongroom.token_kind AS ENUM ('API_TOKEN', 'SESSION', 'EXCHANGED');
CREATE TYPE strongroom.token_action AS ENUM ('LIST', 'USE', 'REVEAL', 'MANAGE');

ALTER TABLE strongroom.api_tokens
    ADD COLUMN kind strongroom.token_kind NOT NULL DEFAULT 'API_TOKEN',
    -- NULL: credentials of every workspace, and those of none.
    ADD COLUMN workspace_id uuid REFERENCES strongroom.workspaces ON DELETE CASCADE,
    -- NULL: of every provider.
    ADD COLUMN provider varchar(100) CHECK (provider <> ''),
    ADD COLUMN actions strongroom.token_action[] NOT NULL DEFAULT '{LIST,USE,REVEAL,MANAGE}',
    -- A session that rests for so long has ended.
    ADD COLUMN idle_timeout interval CHECK (idle_timeout > interval '0'),
    -- From where a session was begun.
    ADD COLUMN address inet DEFAULT nullif(current_setting('strongroom.client_address', true), '')::inet,
    ADD COLUMN user_agent varchar(255) DEFAULT nullif(current_setting('strongroom.user_agent', true), ''),
    ADD COLUMN created_by uuid REFERENCES strongroom.users ON DELETE SET NULL DEFAULT strongroom.current_user_id(),
    -- What manages sees what it manages.
    ADD CONSTRAINT api_tokens_actions CHECK (cardinality(actions) BETWEEN 1 AND 4 AND array_position(actions, NULL) IS NULL
                                          AND (NOT 'MANAGE' = ANY (actions) OR 'LIST' = ANY (actions)));
CREATE INDEX api_tokens_workspace ON strongroom.api_tokens (workspace_id) WHERE workspace_id IS NOT NULL;
CREATE INDEX api_tokens_created_by ON strongroom.api_tokens (created_by);

-- When a token last proved somebody, to the minute. Apart from the token, so that whoever is at work with it does not hold
-- its row, for which a revocation would have to wait.
CREATE TABLE strongroom.token_uses (
    token_id uuid PRIMARY KEY REFERENCES strongroom.api_tokens ON DELETE CASCADE,
    last_used_at timestamptz
);
ALTER TABLE strongroom.token_uses ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.token_uses FORCE ROW LEVEL SECURITY;
-- Whoever sees the token sees when it was used: the inner SELECT is under the reader's own policies.
CREATE POLICY token_reads ON strongroom.token_uses FOR SELECT TO strongroom_app
    USING (strongroom.require_caller() AND EXISTS (SELECT FROM strongroom.api_tokens AS t WHERE t.id = token_id));
-- For prove_caller() and note_new_token(), which run as the owner.
CREATE POLICY owner_notes ON strongroom.token_uses TO strongroom_owner USING (true) WITH CHECK (true);
GRANT SELECT ON strongroom.token_uses TO strongroom_app;
INSERT INTO strongroom.token_uses (token_id) SELECT id FROM strongroom.api_tokens;

CREATE FUNCTION strongroom.note_new_token() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO strongroom.token_uses (token_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER note_new_token AFTER INSERT ON strongroom.api_tokens
    FOR EACH ROW EXECUTE FUNCTION strongroom.note_new_token();

-- Whether no caller has been proven in this transaction, whatever became of the proof since: current_user_id() is NULL for
-- an expired or a forgotten one, too, and so says nothing about who began. DISCARD SEQUENCES empties the registers, even
-- within a statement; what it cannot take from a transaction is its id, which each proof gives it.
CREATE FUNCTION strongroom.nobody_was_proven() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN currval('strongroom.caller_since') <> (extract(epoch FROM now()) * 1000000)::bigint;
EXCEPTION WHEN object_not_in_prerequisite_state THEN
    RETURN pg_current_xact_id_if_assigned() IS NULL; -- The registers are empty.
END $$;

-- Not STRICT: no secret is a wrong one, and refused, and nobody goes on without a caller.
CREATE OR REPLACE FUNCTION strongroom.prove_caller(secret bytea) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    proven uuid;
    token uuid;
    last_used timestamptz;
    bits bit(256);
BEGIN
    -- An older snapshot would still hold the token that was revoked, or the membership that ended.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'a caller is proven at isolation level read committed only' USING ERRCODE = 'invalid_transaction_state';
    END IF;
    SELECT t.user_id, t.id, u.last_used_at INTO proven, token, last_used
    FROM strongroom.api_tokens AS t JOIN strongroom.token_uses AS u ON u.token_id = t.id
    WHERE t.token_hash = sha256(secret) AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp()
      AND coalesce(coalesce(u.last_used_at, t.created_at) + t.idle_timeout > clock_timestamp(), true)
      AND substring(secret, 1, 16) = uuid_send(t.user_id);
    -- A transaction that has been open for longer than a proof lasts has no use for one.
    IF proven IS NULL OR clock_timestamp() > now() + interval '5 minutes' THEN
        RAISE EXCEPTION 'the caller is not proven' USING ERRCODE = 'SR401';
    END IF;
    -- One caller a transaction: policies ask their helpers once a statement, and a statement in which the caller changed
    -- would be judged by the one and done by the other. The registers remember what a rollback to a savepoint forgets; where
    -- they are empty, and the transaction has an id, currval() fails.
    IF NOT strongroom.nobody_was_proven()
       AND token IS DISTINCT FROM (lpad(to_hex(currval('strongroom.token_high')), 16, '0')
                                || lpad(to_hex(currval('strongroom.token_low')), 16, '0'))::uuid THEN
        RAISE EXCEPTION 'another caller is proven in this transaction' USING ERRCODE = 'SR401';
    END IF;
    -- To the minute, and without a wait for whoever is at it already.
    IF coalesce(last_used < clock_timestamp() - interval '1 minute', true) THEN
        UPDATE strongroom.token_uses AS u SET last_used_at = clock_timestamp()
        WHERE u.token_id = (SELECT l.token_id FROM strongroom.token_uses AS l WHERE l.token_id = token FOR NO KEY UPDATE SKIP LOCKED);
    END IF;
    bits := ('x' || encode(uuid_send(proven) || uuid_send(token), 'hex'))::bit(256);
    PERFORM setval('strongroom.caller_high', substring(bits, 1, 64)::bigint),
            setval('strongroom.caller_low', substring(bits, 65, 64)::bigint),
            setval('strongroom.token_high', substring(bits, 129, 64)::bigint),
            setval('strongroom.token_low', substring(bits, 193, 64)::bigint),
            setval('strongroom.caller_since', (extract(epoch FROM now()) * 1000000)::bigint),
            pg_current_xact_id(),
            set_config('strongroom.proven', 'yes', true);
    -- A role may change its own defaults (ALTER ROLE … SET): what a record rests on is set here, for this transaction.
    -- What is recorded is on disk, and nobody who holds a lock keeps a caller waiting for long.
    PERFORM set_config('lock_timeout', '5s', true),
            CASE WHEN current_setting('synchronous_commit') <> 'remote_apply' THEN set_config('synchronous_commit', 'on', true) END;
    RETURN proven;
END $$;

-- Whether the caller's token reaches everything that its user may do with credentials.
CREATE FUNCTION strongroom.token_is_unlimited() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM strongroom.api_tokens AS t WHERE t.id = strongroom.current_token_id()
                   AND t.workspace_id IS NULL AND t.provider IS NULL AND t.actions @> '{LIST,USE,REVEAL,MANAGE}');
END $$;

-- Whether it is a person's besides: the only kind that does anything but work with credentials.
CREATE FUNCTION strongroom.token_is_full() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN strongroom.token_is_unlimited() AND strongroom.caller_is_person();
END $$;

-- Whether the caller's token lets him do that to credentials.
CREATE FUNCTION strongroom.token_allows(action strongroom.token_action) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM strongroom.api_tokens AS t WHERE t.id = strongroom.current_token_id() AND action = ANY (t.actions));
END $$;

-- The workspace that the caller's token is limited to, or NULL.
CREATE FUNCTION strongroom.token_workspace() RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT t.workspace_id FROM strongroom.api_tokens AS t WHERE t.id = strongroom.current_token_id());
END $$;

-- The provider that the caller's token is limited to, or NULL.
CREATE FUNCTION strongroom.token_provider() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT t.provider FROM strongroom.api_tokens AS t WHERE t.id = strongroom.current_token_id());
END $$;

-- The live service accounts of the workspaces that the caller administers.
CREATE FUNCTION strongroom.caller_service_accounts() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT u.id FROM strongroom.users AS u WHERE u.disabled_at IS NULL
                 AND u.workspace_id = ANY (strongroom.caller_workspaces('{OWNER,ADMIN}')));
END $$;
GRANT EXECUTE ON FUNCTION strongroom.token_is_unlimited(), strongroom.token_is_full(), strongroom.token_allows(strongroom.token_action),
    strongroom.token_workspace(), strongroom.token_provider(), strongroom.caller_service_accounts(), strongroom.current_token_id()
TO strongroom_app, strongroom_system;

-- Credentials: as far as the token reaches. reveal_credentials(), which runs as the owner, asks for itself.
CREATE POLICY token_scope_read ON strongroom.user_credentials AS RESTRICTIVE FOR SELECT TO strongroom_app, strongroom_system
    USING (strongroom.require_caller() AND ((SELECT strongroom.token_is_unlimited()) OR (
        (SELECT strongroom.token_allows('LIST'))
        AND coalesce(workspace_id = (SELECT strongroom.token_workspace()), (SELECT strongroom.token_workspace()) IS NULL)
        AND coalesce(provider = (SELECT strongroom.token_provider()), true))));
CREATE POLICY token_scope_create ON strongroom.user_credentials AS RESTRICTIVE FOR INSERT TO strongroom_app, strongroom_system
    WITH CHECK ((SELECT strongroom.token_is_unlimited()) OR (
        (SELECT strongroom.token_allows('MANAGE'))
        AND coalesce(workspace_id = (SELECT strongroom.token_workspace()), (SELECT strongroom.token_workspace()) IS NULL)
        AND coalesce(provider = (SELECT strongroom.token_provider()), true)));
CREATE POLICY token_scope_change ON strongroom.user_credentials AS RESTRICTIVE FOR UPDATE TO strongroom_app, strongroom_system
    USING (strongroom.require_caller() AND ((SELECT strongroom.token_is_unlimited()) OR (
        (SELECT strongroom.token_allows('MANAGE'))
        AND coalesce(workspace_id = (SELECT strongroom.token_workspace()), (SELECT strongroom.token_workspace()) IS NULL)
        AND coalesce(provider = (SELECT strongroom.token_provider()), true))));

-- All else is a full token's; what a caller must know of himself to work with credentials, he may read with any.
CREATE POLICY full_token ON strongroom.api_tokens AS RESTRICTIVE TO strongroom_app, strongroom_system
    USING (strongroom.require_caller() AND (SELECT strongroom.token_is_full()));
CREATE POLICY full_token_invites ON strongroom.invitations AS RESTRICTIVE TO strongroom_app, strongroom_system
    USING (strongroom.require_caller() AND (SELECT strongroom.token_is_full()));
CREATE POLICY full_token_reads ON strongroom.activity_logs AS RESTRICTIVE FOR SELECT TO strongroom_app, strongroom_system
    USING (strongroom.require_caller() AND (SELECT strongroom.token_is_full()));
CREATE POLICY full_token_reads ON strongroom.users AS RESTRICTIVE FOR SELECT TO strongroom_app, strongroom_system
    USING (strongroom.require_caller() AND (id = (SELECT strongroom.current_user_id()) OR (SELECT strongroom.token_is_full())));
CREATE POLICY full_token_creates ON strongroom.users AS RESTRICTIVE FOR INSERT TO strongroom_app, strongroom_system
    WITH CHECK ((SELECT strongroom.token_is_full()));
CREATE POLICY full_token_changes ON strongroom.users AS RESTRICTIVE FOR UPDATE TO strongroom_app, strongroom_system
    USING (strongroom.require_caller() AND (SELECT strongroom.token_is_full()));
CREATE POLICY full_token_reads ON strongroom.workspace_members AS RESTRICTIVE FOR SELECT TO strongroom_app, strongroom_system
    USING (strongroom.require_caller() AND (user_id = (SELECT strongroom.current_user_id()) OR (SELECT strongroom.token_is_full())));
CREATE POLICY full_token_adds ON strongroom.workspace_members AS RESTRICTIVE FOR INSERT TO strongroom_app, strongroom_system
    WITH CHECK ((SELECT strongroom.token_is_full()));
CREATE POLICY full_token_changes ON strongroom.workspace_members AS RESTRICTIVE FOR UPDATE TO strongroom_app, strongroom_system
    USING (strongroom.require_caller() AND (SELECT strongroom.token_is_full()));
CREATE POLICY full_token_removes ON strongroom.workspace_members AS RESTRICTIVE FOR DELETE TO strongroom_app, strongroom_system
    USING (strongroom.require_caller() AND (SELECT strongroom.token_is_full()));
CREATE POLICY full_token_creates ON strongroom.workspaces AS RESTRICTIVE FOR INSERT TO strongroom_app, strongroom_system
    WITH CHECK ((SELECT strongroom.token_is_full()));
CREATE POLICY token_scope_read ON strongroom.workspaces AS RESTRICTIVE FOR SELECT TO strongroom_app, strongroom_system
    USING (strongroom.require_caller() AND coalesce(id = (SELECT strongroom.token_workspace()), true));

-- Tokens of service accounts are their workspace's OWNERs' and ADMINs' to make, see and end.
CREATE POLICY service_account_tokens ON strongroom.api_tokens TO strongroom_app
    USING (strongroom.require_caller() AND user_id = ANY ((SELECT strongroom.caller_service_accounts())::uuid[]))
    WITH CHECK (user_id = ANY ((SELECT strongroom.caller_service_accounts())::uuid[]));
-- A foreign key would tell which workspaces there are.
CREATE POLICY known_workspace ON strongroom.api_tokens AS RESTRICTIVE FOR INSERT TO strongroom_app
    WITH CHECK (workspace_id IS NULL OR workspace_id = ANY ((SELECT strongroom.caller_workspaces('{OWNER,ADMIN,MEMBER,GUEST}'))::uuid[]));
GRANT SELECT (kind, workspace_id, provider, actions, idle_timeout, address, user_agent, created_by),
      INSERT (workspace_id, provider, actions)
    ON strongroom.api_tokens TO strongroom_app;
-- A caller, whatever his token, may end that token.
CREATE FUNCTION strongroom.end_current_token() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE strongroom.api_tokens AS t SET revoked_at = now() WHERE t.id = strongroom.current_token_id();
    -- Not require_caller(): a plan that was kept from an earlier caller would not ask again.
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the caller is not proven' USING ERRCODE = 'SR401';
    END IF;
END $$;
GRANT EXECUTE ON FUNCTION strongroom.end_current_token() TO strongroom_app;

-- A revocation is final and dated by the database.
CREATE OR REPLACE FUNCTION strongroom.guard_api_token() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN
        NEW.revoked_at := coalesce(OLD.revoked_at, now());
    END IF;
    RETURN NEW;
END $$;

-- A sign-in and an exchange have records of their own. Who comes in has no proof yet, and is recorded as himself; whoever
-- takes back his proof while he makes or ends a token of a service account is not, and so is refused.
CREATE OR REPLACE FUNCTION strongroom.record_api_token() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    of_workspace uuid := (SELECT u.workspace_id FROM strongroom.users AS u WHERE u.id = NEW.user_id);
BEGIN
    INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, owner_id, workspace_id, name)
    VALUES (CASE WHEN TG_OP = 'INSERT' THEN 'TOKEN_CREATED' WHEN NEW.kind = 'SESSION' THEN 'SIGNED_OUT' ELSE 'TOKEN_REVOKED'
            END::strongroom.activity_action,
            coalesce(strongroom.current_user_id(), CASE WHEN of_workspace IS NULL OR session_user NOT IN ('strongroom_app', 'strongroom_system')
                                                        THEN NEW.user_id END),
            CASE NEW.kind WHEN 'SESSION' THEN 'SESSION' ELSE 'API_TOKEN' END::strongroom.entity_type,
            NEW.id, NEW.user_id, of_workspace, NEW.name);
    RETURN NULL;
END $$;
DROP TRIGGER record_api_token_created ON strongroom.api_tokens;
CREATE TRIGGER record_api_token_created AFTER INSERT ON strongroom.api_tokens
    FOR EACH ROW WHEN (NEW.kind = 'API_TOKEN') EXECUTE FUNCTION strongroom.record_api_token();
DROP TRIGGER record_api_token_revoked ON strongroom.api_tokens;
CREATE TRIGGER record_api_token_revoked AFTER UPDATE ON strongroom.api_tokens
    FOR EACH ROW WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION strongroom.record_api_token();
