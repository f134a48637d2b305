-- The server's own secret: 256 random bits, sealed under the key ring. Where somebody is let in on the server's word
-- (a password, another provider's token), the functions ask for it first: a stolen database login has the envelope
-- at most, and can neither let itself in nor try passwords.

CREATE TABLE strongroom.server_secrets (
    -- There is one.
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    envelope text NOT NULL CHECK (octet_length(envelope) BETWEEN 1 AND 10000),
    secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE strongroom.server_secrets ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.server_secrets FORCE ROW LEVEL SECURITY;
-- For the functions below, which run as the owner. No runtime role has a grant.
CREATE POLICY owner_reads ON strongroom.server_secrets FOR SELECT TO strongroom_owner USING (true);
CREATE POLICY owner_inserts ON strongroom.server_secrets FOR INSERT TO strongroom_owner WITH CHECK (true);

-- The sealed secret, or NULL where no server has been here yet.
CREATE FUNCTION strongroom.server_secret_envelope() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT s.envelope FROM strongroom.server_secrets AS s);
END $$;

-- Keeps the secret of the first server that comes; false for every later one, which is to open the first one's.
CREATE FUNCTION strongroom.establish_server_secret(envelope text, secret_hash bytea) RETURNS boolean
LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO strongroom.server_secrets (envelope, secret_hash) VALUES (envelope, secret_hash) ON CONFLICT DO NOTHING;
    RETURN FOUND;
END $$;
GRANT EXECUTE ON FUNCTION strongroom.server_secret_envelope(), strongroom.establish_server_secret(text, bytea) TO strongroom_app;

-- Raises SR402 unless that is the server's secret. For the functions that let somebody in.
CREATE FUNCTION strongroom.require_server(server_secret bytea) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT coalesce((SELECT s.secret_hash = sha256(server_secret) FROM strongroom.server_secrets AS s), false) THEN
        RAISE EXCEPTION 'the server is not proven' USING ERRCODE = 'SR402';
    END IF;
END $$;
