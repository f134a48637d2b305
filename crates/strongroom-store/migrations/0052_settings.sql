-- Settings of the instance: how long is kept what would otherwise stay for ever.

CREATE TABLE strongroom.settings (
    -- There is one row.
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    -- NULL: for ever.
    record_retention_days integer CHECK (record_retention_days BETWEEN 1 AND 36500),
    -- How long the record is kept at least, come what may. Raised, never lowered.
    record_retention_promise_days integer NOT NULL DEFAULT 0 CHECK (record_retention_promise_days BETWEEN 0 AND 36500),
    -- Former versions, after they were superseded; revoked credentials, after their revocation.
    version_retention_days integer NOT NULL DEFAULT 365 CHECK (version_retention_days BETWEEN 1 AND 36500),
    revoked_retention_days integer NOT NULL DEFAULT 365 CHECK (revoked_retention_days BETWEEN 1 AND 36500),
    CONSTRAINT settings_keep_the_promise CHECK (record_retention_days >= record_retention_promise_days)
);
INSERT INTO strongroom.settings DEFAULT VALUES;

ALTER TABLE strongroom.settings ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.settings FORCE ROW LEVEL SECURITY;
CREATE POLICY admin_reads ON strongroom.settings FOR SELECT TO strongroom_system
    USING (strongroom.require_caller() AND (SELECT strongroom.caller_is_admin()));
CREATE POLICY admin_changes ON strongroom.settings FOR UPDATE TO strongroom_system
    USING (strongroom.require_caller() AND (SELECT strongroom.caller_is_admin()));
CREATE POLICY full_token ON strongroom.settings AS RESTRICTIVE TO strongroom_system
    USING (strongroom.require_caller() AND (SELECT strongroom.token_is_full()));
-- For the functions that remove what need not be kept, which run as the owner; they lock, to be alone at it.
CREATE POLICY owner_reads ON strongroom.settings FOR SELECT TO strongroom_owner USING (true);
CREATE POLICY owner_locks ON strongroom.settings FOR UPDATE TO strongroom_owner USING (true);
GRANT SELECT, UPDATE (record_retention_days, record_retention_promise_days, version_retention_days, revoked_retention_days)
    ON strongroom.settings TO strongroom_system;

-- Whoever could remove the row could make another one, with a smaller promise. Holds for superusers, too.
CREATE FUNCTION strongroom.guard_settings() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'the settings are changed, and not removed' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.record_retention_promise_days < OLD.record_retention_promise_days THEN
        RAISE EXCEPTION 'a promise is raised, and never lowered' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_settings BEFORE UPDATE OR DELETE ON strongroom.settings
    FOR EACH ROW EXECUTE FUNCTION strongroom.guard_settings();
CREATE TRIGGER guard_settings_truncate BEFORE TRUNCATE ON strongroom.settings
    FOR EACH STATEMENT EXECUTE FUNCTION strongroom.guard_settings();

-- Says what it was and what it is. A runtime role without a caller has taken back its proof, and is refused because a
-- record needs an actor; an administrator of the database has none to name.
CREATE FUNCTION strongroom.record_settings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was jsonb := to_jsonb(OLD);
    changes text;
BEGIN
    SELECT string_agg(format('%s: %s -> %s', key, coalesce(was ->> key, 'for ever'), coalesce(value, 'for ever')), ', ' ORDER BY key)
    INTO changes FROM jsonb_each_text(to_jsonb(NEW)) WHERE value IS DISTINCT FROM was ->> key;
    IF strongroom.current_user_id() IS NOT NULL OR session_user IN ('strongroom_app', 'strongroom_system') THEN
        INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, scope, name)
        VALUES ('SETTINGS_CHANGED', strongroom.current_user_id(), 'SETTINGS', '00000000-0000-0000-0000-000000000000', 'SYSTEM', changes);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER record_settings AFTER UPDATE ON strongroom.settings
    FOR EACH ROW WHEN (NEW IS DISTINCT FROM OLD) EXECUTE FUNCTION strongroom.record_settings();
