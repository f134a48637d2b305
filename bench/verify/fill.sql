-- More records, up to :rows of them, with the texts that records of a busy vault have.
INSERT INTO strongroom.activity_logs
    (action, actor_id, entity_type, entity_id, owner_id, scope, provider, name, version, request_id, token_id, address, user_agent)
SELECT (ARRAY['CREDENTIAL_ACCESSED', 'CREDENTIAL_CREATED', 'CREDENTIAL_ROTATED'])[1 + n % 3]::strongroom.activity_action,
       person, 'CREDENTIAL', gen_random_uuid(), person, 'USER', 'p' || (n % 50), 'name ' || (n % 1000), 1,
       gen_random_uuid(), gen_random_uuid(), '192.0.2.7', 'strongroom/0.1.0'
FROM generate_series((SELECT count(*) FROM strongroom.activity_logs) + 1, :rows) AS n,
LATERAL (SELECT format('00000000-0000-7000-8000-%s', lpad((n % 2000)::text, 12, '0'))::uuid AS person) AS people;
ANALYZE strongroom.activity_logs;
