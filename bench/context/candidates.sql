-- Four ways to hold the proven caller of a transaction, side by side (docs/adr/0001-caller-context.md).
-- Not the product's schema: the same token lookup, and four places to keep its result.
CREATE SCHEMA context_bench;
SET search_path = context_bench;

CREATE TABLE tokens (token_hash bytea PRIMARY KEY, user_id uuid NOT NULL, expires_at timestamptz NOT NULL);
INSERT INTO tokens
SELECT sha256(convert_to('token-' || n, 'UTF8')), md5('user-' || n)::uuid, now() + interval '1 day'
FROM generate_series(1, 1000) AS n;
ANALYZE tokens;

-- 1. A signed setting: the key lies in a table that only the owner reads.
CREATE TABLE signing_key (key bytea NOT NULL);
INSERT INTO signing_key VALUES (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

CREATE FUNCTION signed_mac(caller uuid) RETURNS bytea LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = context_bench, pg_temp AS $$
DECLARE k bytea;
BEGIN
    SELECT key INTO k FROM signing_key;
    RETURN sha256(k || sha256(k || convert_to(caller::text || pg_backend_pid() || extract(epoch FROM now()), 'UTF8')));
END $$;

CREATE FUNCTION signed_prove(token bytea) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER
SET search_path = context_bench, pg_temp AS $$
DECLARE caller uuid; k bytea;
BEGIN
    SELECT user_id INTO caller FROM tokens WHERE token_hash = sha256(token) AND expires_at > now();
    SELECT key INTO k FROM signing_key;
    PERFORM set_config('bench.caller', caller::text || encode(
        sha256(k || sha256(k || convert_to(caller::text || pg_backend_pid() || extract(epoch FROM now()), 'UTF8'))), 'hex'), true);
    RETURN caller;
END $$;

CREATE FUNCTION signed_caller() RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = context_bench, pg_temp AS $$
DECLARE setting text := current_setting('bench.caller', true); k bytea;
BEGIN
    SELECT key INTO k FROM signing_key;
    IF substr(setting, 37) = encode(
        sha256(k || sha256(k || convert_to(substr(setting, 1, 36) || pg_backend_pid() || extract(epoch FROM now()), 'UTF8'))), 'hex')
    THEN RETURN substr(setting, 1, 36)::uuid; END IF;
    RETURN NULL;
END $$;

-- 2. Registers: the session-local values of unlogged sequences that only the owner may write.
CREATE UNLOGGED SEQUENCE caller_high MINVALUE -9223372036854775808;
CREATE UNLOGGED SEQUENCE caller_low MINVALUE -9223372036854775808;
CREATE UNLOGGED SEQUENCE caller_since MINVALUE -9223372036854775808;

CREATE FUNCTION register_prove(token bytea) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER
SET search_path = context_bench, pg_temp AS $$
DECLARE caller uuid; bits bit(128);
BEGIN
    SELECT user_id INTO caller FROM tokens WHERE token_hash = sha256(token) AND expires_at > now();
    bits := ('x' || encode(uuid_send(caller), 'hex'))::bit(128);
    PERFORM setval('caller_high', substring(bits, 1, 64)::bigint),
            setval('caller_low', substring(bits, 65, 64)::bigint),
            setval('caller_since', (extract(epoch FROM now()) * 1000000)::bigint);
    RETURN caller;
END $$;

CREATE FUNCTION register_caller() RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = context_bench, pg_temp AS $$
BEGIN
    IF currval('caller_since') = (extract(epoch FROM now()) * 1000000)::bigint THEN
        RETURN (lpad(to_hex(currval('caller_high')), 16, '0') || lpad(to_hex(currval('caller_low')), 16, '0'))::uuid;
    END IF;
    RETURN NULL;
END $$;

-- 3. A row that only the owner may write, keyed by backend.
CREATE UNLOGGED TABLE callers (backend int PRIMARY KEY, since timestamptz NOT NULL, user_id uuid NOT NULL) WITH (fillfactor = 20);

CREATE FUNCTION row_prove(token bytea) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER
SET search_path = context_bench, pg_temp AS $$
DECLARE caller uuid;
BEGIN
    SELECT user_id INTO caller FROM tokens WHERE token_hash = sha256(token) AND expires_at > now();
    INSERT INTO callers VALUES (pg_backend_pid(), now(), caller)
    ON CONFLICT (backend) DO UPDATE SET since = excluded.since, user_id = excluded.user_id;
    RETURN caller;
END $$;

CREATE FUNCTION row_caller() RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = context_bench, pg_temp AS $$
BEGIN
    RETURN (SELECT user_id FROM callers WHERE backend = pg_backend_pid() AND since = now());
END $$;

-- 4. A signed setting whose key is a register: fresh for each backend, in memory only.
CREATE UNLOGGED SEQUENCE session_key MINVALUE -9223372036854775808;

CREATE FUNCTION keyed_prove(token bytea) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER
SET search_path = context_bench, pg_temp AS $$
DECLARE caller uuid;
BEGIN
    SELECT user_id INTO caller FROM tokens WHERE token_hash = sha256(token) AND expires_at > now();
    PERFORM setval('session_key', ('x' || left(encode(sha256(uuid_send(gen_random_uuid())), 'hex'), 16))::bit(64)::bigint);
    PERFORM set_config('bench.caller', caller::text || encode(
        sha256(convert_to(currval('session_key') || caller::text || extract(epoch FROM now()), 'UTF8')), 'hex'), true);
    RETURN caller;
END $$;

CREATE FUNCTION keyed_caller() RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = context_bench, pg_temp AS $$
DECLARE setting text := current_setting('bench.caller', true);
BEGIN
    IF substr(setting, 37) = encode(
        sha256(convert_to(currval('session_key') || substr(setting, 1, 36) || extract(epoch FROM now()), 'UTF8')), 'hex')
    THEN RETURN substr(setting, 1, 36)::uuid; END IF;
    RETURN NULL;
END $$;

-- What anyone can forge, as the floor.
CREATE FUNCTION plain_caller() RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = context_bench, pg_temp AS $$
BEGIN
    RETURN nullif(current_setting('bench.plain', true), '')::uuid;
END $$;
