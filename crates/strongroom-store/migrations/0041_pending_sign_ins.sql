-- Sign-ins that were sent to an OpenID provider and have not come back. Each belongs to the browser that began it, lasts
-- ten minutes and is taken once. No runtime role sees one but through these functions, which ask for the server's secret.

CREATE TABLE strongroom.pending_sign_ins (
    -- Of the state, which travels in addresses, and of the secret in the browser's cookie.
    state_hash bytea PRIMARY KEY CHECK (octet_length(state_hash) = 32),
    browser_hash bytea NOT NULL CHECK (octet_length(browser_hash) = 32),
    nonce varchar(100) NOT NULL CHECK (nonce <> ''),
    pkce_verifier varchar(128) NOT NULL CHECK (pkce_verifier <> ''),
    return_to varchar(500) NOT NULL CHECK (return_to LIKE '/%'),
    -- Who links an identity; NULL: somebody signs in.
    user_id uuid REFERENCES strongroom.users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL DEFAULT now() + interval '10 minutes'
);
CREATE INDEX pending_sign_ins_expires_at ON strongroom.pending_sign_ins (expires_at);
CREATE INDEX pending_sign_ins_user ON strongroom.pending_sign_ins (user_id) WHERE user_id IS NOT NULL;

ALTER TABLE strongroom.pending_sign_ins ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.pending_sign_ins FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_keeps ON strongroom.pending_sign_ins TO strongroom_owner USING (true) WITH CHECK (true);

-- Keeps one. With a proven caller it is for linking, which needs his session: an identity outlives a stolen token.
CREATE FUNCTION strongroom.begin_oidc_sign_in(
    server_secret bytea, state bytea, browser bytea, nonce text, pkce_verifier text, return_to text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM strongroom.require_server(server_secret);
    IF strongroom.current_user_id() IS NOT NULL AND NOT (strongroom.token_is_full() AND strongroom.caller_has_session()) THEN
        RAISE EXCEPTION 'identities are linked from a session' USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM strongroom.pending_sign_ins AS p WHERE p.expires_at < now();
    INSERT INTO strongroom.pending_sign_ins (state_hash, browser_hash, nonce, pkce_verifier, return_to, user_id)
    VALUES (sha256(state), sha256(browser), nonce, pkce_verifier, return_to, strongroom.current_user_id());
END $$;

-- Takes one, once; no row for a state that is unknown, used, expired or another browser's.
CREATE FUNCTION strongroom.take_oidc_sign_in(server_secret bytea, state bytea, browser bytea)
RETURNS TABLE (nonce varchar, pkce_verifier varchar, return_to varchar, user_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM strongroom.require_server(server_secret);
    RETURN QUERY DELETE FROM strongroom.pending_sign_ins AS p
        WHERE p.state_hash = sha256(state) AND p.browser_hash = sha256(browser) AND p.expires_at > clock_timestamp()
        RETURNING p.nonce, p.pkce_verifier, p.return_to, p.user_id;
END $$;
GRANT EXECUTE ON FUNCTION strongroom.begin_oidc_sign_in(bytea, bytea, bytea, text, text, text),
    strongroom.take_oidc_sign_in(bytea, bytea, bytea) TO strongroom_app;
