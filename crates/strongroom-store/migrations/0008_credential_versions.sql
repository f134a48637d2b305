-- Earlier versions. A trigger keeps the old envelope whenever a new one arrives, so that no path, not even raw SQL
-- with a proven caller, can overwrite a value for good.

CREATE TABLE strongroom.credential_versions (
    credential_id uuid NOT NULL REFERENCES strongroom.user_credentials ON DELETE CASCADE,
    version integer NOT NULL CHECK (version >= 1),
    encrypted_value text NOT NULL,
    masked_value varchar(20) NOT NULL,
    superseded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (credential_id, version)
);

ALTER TABLE strongroom.credential_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.credential_versions FORCE ROW LEVEL SECURITY;
-- Whoever sees the credential sees its versions: the inner SELECT is under the reader's own policies.
CREATE POLICY credential_reads ON strongroom.credential_versions FOR SELECT TO strongroom_app, strongroom_system
    USING (strongroom.require_caller() AND EXISTS (SELECT FROM strongroom.user_credentials AS c WHERE c.id = credential_id));
-- For guard_credential(), which runs as the owner.
CREATE POLICY owner_inserts ON strongroom.credential_versions FOR INSERT TO strongroom_owner WITH CHECK (true);
GRANT SELECT (credential_id, version, masked_value, superseded_at) ON strongroom.credential_versions TO strongroom_app, strongroom_system;

CREATE FUNCTION strongroom.guard_credential() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (NEW.encrypted_value, NEW.masked_value, NEW.version) IS DISTINCT FROM (OLD.encrypted_value, OLD.masked_value, OLD.version) THEN
        IF NEW.version <> OLD.version + 1 OR NOT OLD.is_active OR NOT NEW.is_active THEN
            RAISE EXCEPTION 'a new value is the next version of an active credential' USING ERRCODE = 'check_violation';
        END IF;
        INSERT INTO strongroom.credential_versions (credential_id, version, encrypted_value, masked_value)
        VALUES (OLD.id, OLD.version, OLD.encrypted_value, OLD.masked_value);
        NEW.rotated_at := now();
    END IF;
    IF NEW.last_used_at IS NOT DISTINCT FROM OLD.last_used_at THEN
        NEW.updated_at := now();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_credential BEFORE UPDATE ON strongroom.user_credentials
    FOR EACH ROW EXECUTE FUNCTION strongroom.guard_credential();
