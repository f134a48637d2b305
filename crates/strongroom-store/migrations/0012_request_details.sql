-- From where: the address, the user agent and the token of whoever caused a record, as the server saw them.

ALTER TABLE strongroom.activity_logs
    ADD COLUMN token_id uuid DEFAULT strongroom.current_token_id(),
    ADD COLUMN address inet DEFAULT nullif(current_setting('strongroom.client_address', true), '')::inet,
    ADD COLUMN user_agent varchar(255) DEFAULT nullif(current_setting('strongroom.user_agent', true), '');

-- Tells the database of the request, for whatever is recorded in this transaction. It proves nothing.
CREATE FUNCTION strongroom.describe_request(request uuid, address inet, agent text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('strongroom.request_id', coalesce(request::text, ''), true),
            set_config('strongroom.client_address', coalesce(host(address), ''), true),
            set_config('strongroom.user_agent', coalesce(left(agent, 255), ''), true);
END $$;

-- Proves the caller of a request: describe_request() and prove_caller() in one.
CREATE FUNCTION strongroom.prove_request(secret bytea, request uuid, address inet, agent text) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM strongroom.describe_request(request, address, agent);
    RETURN strongroom.prove_caller(secret);
END $$;
GRANT EXECUTE ON FUNCTION strongroom.prove_request(bytea, uuid, inet, text) TO strongroom_app, strongroom_system;
