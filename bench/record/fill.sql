-- Three million records of three years: 2000 people and 100 workspaces. Number 2000 is a busy program (a fifth of all acts);
-- workspace 1 has three tenths of all records, the others have a few thousand each; number 1999 did nothing.
SET synchronous_commit = off;
INSERT INTO strongroom.users (id, email, display_name)
SELECT format('00000000-0000-7000-8000-%s', lpad(n::text, 12, '0'))::uuid, 'u' || n || '@example.org', 'u' || n FROM generate_series(1, 2000) AS n;
INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at)
SELECT gen_random_uuid(), id, 'bench', sha256(uuid_send(id) || '\x00'), now() + interval '1 day' FROM strongroom.users;
INSERT INTO strongroom.workspaces (id, name, created_by)
SELECT format('00000000-0000-7000-9000-%s', lpad(n::text, 12, '0'))::uuid, 'w' || n, format('00000000-0000-7000-8000-%s', lpad(n::text, 12, '0'))::uuid
FROM generate_series(1, 100) AS n;
TRUNCATE strongroom.activity_logs;
INSERT INTO strongroom.activity_logs
    (occurred_at, action, outcome, reason, actor_id, entity_type, entity_id, owner_id, workspace_id, scope, provider, name, version)
SELECT now() - interval '3 years' + n * interval '31.5 seconds',
       (ARRAY['CREDENTIAL_ACCESSED', 'CREDENTIAL_ACCESSED', 'CREDENTIAL_CREATED', 'CREDENTIAL_ROTATED'])[1 + n % 4]::strongroom.activity_action,
       CASE WHEN n % 1000 = 0 THEN 'DENIED' ELSE 'ALLOWED' END::strongroom.activity_outcome, CASE WHEN n % 1000 = 0 THEN 'ROLE' END,
       actor, 'CREDENTIAL', format('00000000-0000-7000-a000-%s', lpad(((a * 30000)::integer)::text, 12, '0'))::uuid, actor, workspace,
       CASE WHEN workspace IS NULL THEN 'USER' ELSE 'WORKSPACE' END::strongroom.credential_scope, 'p' || (n % 50), 'name ' || (n % 1000), 1
FROM (SELECT n, random() AS a, random() AS b, random() AS c, random() AS d FROM generate_series(1, 3000000) AS n) AS dice,
LATERAL (SELECT format('00000000-0000-7000-8000-%s', lpad((CASE WHEN b < 0.2 THEN 2000 ELSE 3 + (c * 1990)::integer END)::text, 12, '0'))::uuid AS actor,
                CASE WHEN d < 0.3 THEN '00000000-0000-7000-9000-000000000001'::uuid
                     WHEN d < 0.65 THEN format('00000000-0000-7000-9000-%s', lpad((2 + (a * 98)::integer)::text, 12, '0'))::uuid END AS workspace) AS seats;
VACUUM ANALYZE;
