-- Tags, revisions, dates of revocation, grace for former values, and values that are gone for good.

ALTER TABLE strongroom.user_credentials
    ALTER COLUMN encrypted_value DROP NOT NULL,
    -- Counts every change but that of last_used_at; what ETag and If-Match compare.
    ADD COLUMN revision integer NOT NULL DEFAULT 1 CHECK (revision >= 1),
    ADD COLUMN tags text[] NOT NULL DEFAULT '{}'
        CHECK (cardinality(tags) <= 20 AND array_position(tags, NULL) IS NULL AND octet_length(array_to_string(tags, ',')) <= 4100),
    -- Until when the version before this one answers to those that ask for it; set with the rotation.
    ADD COLUMN former_answers_until timestamptz,
    ADD COLUMN revoked_at timestamptz,
    -- The envelope, and with it the data key, has been destroyed.
    ADD COLUMN purged_at timestamptz,
    ADD CONSTRAINT user_credentials_purged CHECK ((purged_at IS NULL) = (encrypted_value IS NOT NULL)),
    ADD CONSTRAINT user_credentials_purged_is_revoked CHECK (purged_at IS NULL OR NOT is_active);
ALTER TABLE strongroom.credential_versions
    ALTER COLUMN encrypted_value DROP NOT NULL,
    ADD COLUMN answers_until timestamptz,
    ADD COLUMN purged_at timestamptz,
    ADD CONSTRAINT credential_versions_purged CHECK ((purged_at IS NULL) = (encrypted_value IS NOT NULL));
-- What retention is asked of.
CREATE INDEX user_credentials_revoked ON strongroom.user_credentials ((coalesce(revoked_at, updated_at)))
    WHERE NOT is_active AND purged_at IS NULL;
CREATE INDEX credential_versions_kept ON strongroom.credential_versions (superseded_at) WHERE purged_at IS NULL;

GRANT SELECT (revision, tags, former_answers_until, revoked_at, purged_at), INSERT (tags), UPDATE (tags, former_answers_until)
    ON strongroom.user_credentials TO strongroom_app, strongroom_system;
GRANT SELECT (answers_until, purged_at) ON strongroom.credential_versions TO strongroom_app, strongroom_system;

CREATE OR REPLACE FUNCTION strongroom.guard_credential() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (NEW.encrypted_value, NEW.masked_value, NEW.version) IS DISTINCT FROM (OLD.encrypted_value, OLD.masked_value, OLD.version)
       AND NEW.purged_at IS NOT DISTINCT FROM OLD.purged_at THEN
        IF NEW.version <> OLD.version + 1 OR NOT OLD.is_active OR NOT NEW.is_active OR NEW.encrypted_value IS NULL THEN
            RAISE EXCEPTION 'a new value is the next version of an active credential' USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.former_answers_until > now() + interval '30 days' THEN
            RAISE EXCEPTION 'a former value answers for 30 days at most' USING ERRCODE = 'check_violation';
        END IF;
        INSERT INTO strongroom.credential_versions (credential_id, version, encrypted_value, masked_value, answers_until)
        VALUES (OLD.id, OLD.version, OLD.encrypted_value, OLD.masked_value, NEW.former_answers_until);
        -- A rotation without grace is one after a leak: no former value answers any more.
        IF NEW.former_answers_until IS NULL THEN
            UPDATE strongroom.credential_versions AS v SET answers_until = NULL
            WHERE v.credential_id = OLD.id AND v.answers_until IS NOT NULL;
        END IF;
        NEW.rotated_at := now();
    ELSE
        NEW.former_answers_until := OLD.former_answers_until;
    END IF;
    IF NEW.is_active <> OLD.is_active THEN
        NEW.revoked_at := CASE WHEN NEW.is_active THEN NULL ELSE now() END;
    END IF;
    IF NEW.last_used_at IS NOT DISTINCT FROM OLD.last_used_at THEN
        NEW.updated_at := now();
        NEW.revision := OLD.revision + 1;
    END IF;
    RETURN NEW;
END $$;
-- For guard_credential(), which runs as the owner, on the versions of a credential that the caller may change.
CREATE POLICY owner_ends_grace ON strongroom.credential_versions FOR UPDATE TO strongroom_owner USING (true);
-- For the same, and for reveal_credentials(): the versions of what `reveal` shows.
CREATE POLICY owner_reads ON strongroom.credential_versions FOR SELECT TO strongroom_owner
    USING (EXISTS (SELECT FROM strongroom.user_credentials AS c WHERE c.id = credential_id));
