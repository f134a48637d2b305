-- People. A row is made only by accept_invitation(); nobody sees a stranger.

CREATE TABLE strongroom.users (
    id uuid PRIMARY KEY,
    email varchar(254) NOT NULL CHECK (email LIKE '_%@_%'),
    display_name varchar(255) NOT NULL CHECK (display_name <> ''),
    is_admin boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email_key ON strongroom.users (lower(email));

ALTER TABLE strongroom.users ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.users FORCE ROW LEVEL SECURITY;
CREATE POLICY own_row ON strongroom.users FOR SELECT TO strongroom_app, strongroom_system
    USING (strongroom.require_caller() AND id = (SELECT strongroom.current_user_id()));
CREATE POLICY colleagues ON strongroom.users FOR SELECT TO strongroom_app
    USING (strongroom.require_caller() AND id = ANY ((SELECT strongroom.caller_colleagues())::uuid[]));
-- For caller_is_admin(), accept_invitation(), reveal_credential() and record_denial(), which run as the owner; the last two
-- lock, so that one caller's attempts are counted one after the other.
CREATE POLICY owner_reads ON strongroom.users FOR SELECT TO strongroom_owner USING (true);
CREATE POLICY owner_inserts ON strongroom.users FOR INSERT TO strongroom_owner WITH CHECK (true);
CREATE POLICY owner_locks ON strongroom.users FOR UPDATE TO strongroom_owner USING (true);
-- Who administers the instance is not for colleagues to read; caller_is_admin() says it of the caller.
GRANT SELECT (id, email, display_name, created_at) ON strongroom.users TO strongroom_app, strongroom_system;

-- Whether anybody lives here yet: a server that finds people but no key file must not make a new key.
CREATE FUNCTION strongroom.vault_is_empty() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN NOT EXISTS (SELECT FROM strongroom.users);
END $$;
GRANT EXECUTE ON FUNCTION strongroom.vault_is_empty() TO strongroom_app;
