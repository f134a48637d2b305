-- Values that need not be kept any more: former versions, and revoked credentials. What goes is the envelope, and with it the
-- only copy of the value's data key, wrapped: nobody opens it again, with whatever key. What is known of it stays.

-- Only what the settings let go may be touched, by what runs as the owner in a transaction that had no caller.
CREATE FUNCTION strongroom.version_cutoff() RETURNS timestamptz
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT clock_timestamp() - make_interval(hours => 24 * s.version_retention_days) FROM strongroom.settings AS s);
END $$;
CREATE FUNCTION strongroom.revoked_cutoff() RETURNS timestamptz
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT clock_timestamp() - make_interval(hours => 24 * s.revoked_retention_days) FROM strongroom.settings AS s);
END $$;

-- For purge_credentials(), which runs as the owner in a transaction that never had a caller, as none is that
-- hands something out.
CREATE POLICY owner_finds_due ON strongroom.user_credentials FOR SELECT TO strongroom_owner
    USING (session_user = 'strongroom_system' AND (SELECT strongroom.nobody_was_proven()));
CREATE POLICY owner_purges ON strongroom.user_credentials FOR UPDATE TO strongroom_owner
    USING (session_user = 'strongroom_system' AND (SELECT strongroom.nobody_was_proven())
           AND NOT is_active AND coalesce(revoked_at, updated_at) < (SELECT strongroom.revoked_cutoff()));

CREATE OR REPLACE FUNCTION strongroom.record_credential() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO strongroom.activity_logs
        (action, actor_id, entity_type, entity_id, owner_id, workspace_id, scope, provider, name, version)
    VALUES (CASE WHEN TG_OP = 'INSERT' THEN 'CREDENTIAL_CREATED'
                 WHEN NEW.purged_at IS DISTINCT FROM OLD.purged_at THEN 'CREDENTIAL_PURGED'
                 WHEN NEW.version <> OLD.version THEN 'CREDENTIAL_ROTATED'
                 WHEN OLD.is_active AND NOT NEW.is_active THEN 'CREDENTIAL_REVOKED'
                 WHEN NEW.is_active AND NOT OLD.is_active THEN 'CREDENTIAL_RESTORED'
                 ELSE 'CREDENTIAL_UPDATED' END::strongroom.activity_action,
            strongroom.current_user_id(), 'CREDENTIAL', NEW.id, NEW.user_id, NEW.workspace_id, NEW.scope,
            NEW.provider, NEW.name, NEW.version);
    RETURN NULL;
END $$;

-- Destroys what the settings do not keep: 500 former versions and 500 revoked credentials
-- with theirs at most. Returns how many values. Takes no argument, so that it does the same
-- for whoever calls it. Servers at it at once take different rows.
CREATE FUNCTION strongroom.purge_credentials() RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    version_cutoff constant timestamptz := strongroom.version_cutoff();
    revoked_cutoff constant timestamptz := strongroom.revoked_cutoff();
    revoked uuid[];
    former integer;
BEGIN
    PERFORM strongroom.begin_retention();
    -- Its record is the trigger's.
    WITH purged AS (
        UPDATE strongroom.user_credentials AS c
        SET encrypted_value = NULL, purged_at = now(), revoked_at = coalesce(c.revoked_at, c.updated_at)
        WHERE c.id IN (SELECT d.id FROM strongroom.user_credentials AS d
                       WHERE NOT d.is_active AND d.purged_at IS NULL AND coalesce(d.revoked_at, d.updated_at) < revoked_cutoff
                       LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED)
        RETURNING c.id)
    SELECT coalesce(array_agg(purged.id), '{}') INTO revoked FROM purged;
    WITH due_by_age AS (
        SELECT v.credential_id, v.version FROM strongroom.credential_versions AS v
        WHERE v.purged_at IS NULL AND v.superseded_at < version_cutoff
          AND coalesce(v.answers_until < clock_timestamp(), true)
        LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED),
    due_with_credential AS (
        SELECT v.credential_id, v.version FROM strongroom.credential_versions AS v
        WHERE v.purged_at IS NULL AND v.credential_id = ANY (revoked) FOR NO KEY UPDATE),
    purged AS (
        UPDATE strongroom.credential_versions AS v SET encrypted_value = NULL, answers_until = NULL, purged_at = now()
        FROM (TABLE due_by_age UNION TABLE due_with_credential) AS due
        WHERE v.credential_id = due.credential_id AND v.version = due.version
        RETURNING v.credential_id, v.version)
    INSERT INTO strongroom.activity_logs (action, entity_type, entity_id, owner_id, workspace_id, scope, provider, name, version)
    SELECT 'CREDENTIAL_PURGED', 'CREDENTIAL', c.id, c.user_id, c.workspace_id, c.scope, c.provider, c.name, purged.version
    FROM purged JOIN strongroom.user_credentials AS c ON c.id = purged.credential_id;
    GET DIAGNOSTICS former = ROW_COUNT;
    RETURN cardinality(revoked) + former;
END $$;
GRANT EXECUTE ON FUNCTION strongroom.purge_credentials() TO strongroom_system;
