-- The roles, once a cluster, and the schema, once a database. Made by whoever migrates; passwords are set apart.
-- strongroom_owner owns everything and cannot log in; the runtime roles own nothing and bypass nothing.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['strongroom_owner', 'strongroom_app', 'strongroom_system', 'strongroom_auditor'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I %s NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION', role,
                               CASE role WHEN 'strongroom_owner' THEN 'NOLOGIN' ELSE 'LOGIN' END);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- Another database of this cluster is being set up at this moment.
            END;
        END IF;
    END LOOP;
    -- From PostgreSQL 16 on, whoever makes a role may administer it, and is not yet allowed to become it.
    IF NOT pg_has_role(current_user, 'strongroom_owner',
                       CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN
        EXECUTE format('GRANT strongroom_owner TO %I', current_user);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'strongroom') THEN
        CREATE SCHEMA strongroom AUTHORIZATION strongroom_owner;
    END IF;
END $$;
