-- Requests that are not to happen twice: the key that a client gave one, what it was, and what came of it. Kept for a day.

CREATE TABLE strongroom.idempotency_keys (
    user_id uuid NOT NULL REFERENCES strongroom.users ON DELETE CASCADE,
    key varchar(255) NOT NULL CHECK (key <> ''),
    -- A keyed hash of the request: values cannot be tried against it.
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    credential_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);
ALTER TABLE strongroom.idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.idempotency_keys FORCE ROW LEVEL SECURITY;
-- For the functions below, which run as the owner. No runtime role has a grant.
CREATE POLICY owner_keeps ON strongroom.idempotency_keys TO strongroom_owner USING (true) WITH CHECK (true);

-- The credential of the caller's earlier request with that key, or NULL. Raises SR409 where that was another request.
CREATE FUNCTION strongroom.earlier_request(of_key text, of_fingerprint bytea) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    earlier strongroom.idempotency_keys;
BEGIN
    SELECT * INTO earlier FROM strongroom.idempotency_keys AS k
    WHERE k.user_id = strongroom.current_user_id() AND k.key = of_key AND k.created_at > now() - interval '1 day';
    IF earlier.fingerprint <> of_fingerprint THEN
        RAISE EXCEPTION 'the key was used for another request' USING ERRCODE = 'SR409';
    END IF;
    RETURN earlier.credential_id;
END $$;

-- Keeps the key for this request. NULL: it goes ahead; else the credential of the earlier one, which it repeats. Waits for
-- one that is under way. Forgets what the caller's day-old requests were.
CREATE FUNCTION strongroom.claim_request(of_key text, of_fingerprint bytea, of_credential uuid) RETURNS uuid
LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM strongroom.idempotency_keys AS k
    WHERE k.user_id = strongroom.current_user_id() AND k.created_at <= now() - interval '1 day';
    INSERT INTO strongroom.idempotency_keys (user_id, key, fingerprint, credential_id)
    VALUES (strongroom.current_user_id(), of_key, of_fingerprint, of_credential) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        RETURN NULL;
    END IF;
    RETURN strongroom.earlier_request(of_key, of_fingerprint);
END $$;
GRANT EXECUTE ON FUNCTION strongroom.earlier_request(text, bytea), strongroom.claim_request(text, bytea, uuid)
TO strongroom_app, strongroom_system;
