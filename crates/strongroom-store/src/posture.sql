-- Everything that isolation rests on, one sorted line an object. posture.rs compares it with posture.txt.
WITH runtime (name) AS (VALUES ('strongroom_app'), ('strongroom_system'), ('strongroom_auditor')),
relations AS (
    SELECT c.*, pg_get_userbyid(c.relowner) AS owner
    FROM pg_class AS c WHERE c.relnamespace = to_regnamespace('strongroom') AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
),
functions AS (
    SELECT p.*, pg_get_userbyid(p.proowner) AS owner, format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)) AS signature
    FROM pg_proc AS p WHERE p.pronamespace = to_regnamespace('strongroom')
),
grants (object, owner, acl) AS (
    SELECT 'schema strongroom', nspowner, coalesce(nspacl, acldefault('n', nspowner)) FROM pg_namespace WHERE nspname = 'strongroom'
    UNION ALL
    SELECT format('%s %s', CASE relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, relname), relowner,
           coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)) FROM relations
    UNION ALL
    SELECT 'function ' || signature, proowner, coalesce(proacl, acldefault('f', proowner)) FROM functions
),
lines (line) AS (
    SELECT format('role %s %s', rolname, concat_ws(' ', CASE WHEN rolcanlogin THEN 'login' ELSE 'nologin' END,
                  CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
                  CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,
                  CASE WHEN rolreplication THEN 'REPLICATION' END))
    FROM pg_roles WHERE rolname = 'strongroom_owner' OR rolname IN (SELECT name FROM runtime)
    UNION ALL
    -- What our roles can become, and who can become a runtime role (from PostgreSQL 16 on, making a role alone does not
    -- let one become it).
    SELECT format('membership %s in %s', pg_get_userbyid(m.member), pg_get_userbyid(m.roleid)) FROM pg_auth_members AS m
    WHERE pg_get_userbyid(m.member) IN (SELECT name FROM runtime UNION SELECT 'strongroom_owner')
       OR (pg_get_userbyid(m.roleid) IN (SELECT name FROM runtime)
           AND coalesce((to_jsonb(m) ->> 'set_option')::boolean OR (to_jsonb(m) ->> 'inherit_option')::boolean, true))
    UNION ALL
    SELECT format('%s %s owner %s%s%s', CASE relkind WHEN 'S' THEN 'sequence' WHEN 'r' THEN 'table' ELSE 'relation' END, relname, owner,
                  CASE WHEN relkind <> 'S' THEN format(', row-level security %s',
                       CASE WHEN relrowsecurity AND relforcerowsecurity THEN 'forced' WHEN relrowsecurity THEN 'enabled' ELSE 'off' END) END,
                  CASE WHEN relpersistence = 'u' THEN ', unlogged' END)
    FROM relations
    UNION ALL
    SELECT format('policy %s.%s %s %s to %s%s%s', r.relname, p.polname,
                  CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END,
                  CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete' ELSE 'all' END,
                  (SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(role)::text END, ', ' ORDER BY role::regrole::text)
                   FROM unnest(p.polroles) AS role),
                  ' using ' || regexp_replace(pg_get_expr(p.polqual, p.polrelid), '\s+', ' ', 'g'),
                  ' check ' || regexp_replace(pg_get_expr(p.polwithcheck, p.polrelid), '\s+', ' ', 'g'))
    FROM pg_policy AS p JOIN relations AS r ON r.oid = p.polrelid
    UNION ALL
    SELECT format('grant %s on %s to %s', string_agg(DISTINCT lower(a.privilege_type) || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END, ', '), g.object,
                  CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END)
    FROM grants AS g, aclexplode(g.acl) AS a WHERE a.grantee <> g.owner GROUP BY g.object, a.grantee
    UNION ALL
    SELECT format('grant %s%s (%s) on table %s to %s', lower(a.privilege_type), CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END, string_agg(c.attname::text, ', ' ORDER BY c.attnum), r.relname,
                  CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END)
    FROM relations AS r JOIN pg_attribute AS c ON c.attrelid = r.oid AND c.attacl IS NOT NULL, aclexplode(c.attacl) AS a
    GROUP BY r.relname, a.privilege_type, a.is_grantable, a.grantee
    UNION ALL
    SELECT format('function %s returns %s owner %s, %s, %s, %s%s, settings %s, body %s', signature, pg_get_function_result(functions.oid), owner,
                  CASE WHEN prosecdef THEN 'security definer' ELSE 'security invoker' END,
                  CASE provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
                  (SELECT lanname FROM pg_language AS l WHERE l.oid = prolang), concat(CASE WHEN proisstrict THEN ' strict' END, CASE WHEN proleakproof THEN ' LEAKPROOF' END),
                  array_to_string(proconfig, ' '), md5(prosrc))
    FROM functions
    UNION ALL
    SELECT format('trigger %s.%s %s %s', r.relname, t.tgname, CASE t.tgenabled WHEN 'O' THEN 'enabled' ELSE 'NOT ENABLED' END,
                  regexp_replace(pg_get_triggerdef(t.oid), '^CREATE TRIGGER \S+ ', ''))
    FROM pg_trigger AS t JOIN relations AS r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
    UNION ALL
    SELECT format('schema strongroom owner %s', pg_get_userbyid(nspowner)) FROM pg_namespace WHERE nspname = 'strongroom'
    UNION ALL
    -- What changes under our tables' feet: settings of our roles, parameters granted to them, children of our tables,
    -- views elsewhere that read them, foreign keys that are switched off.
    SELECT format('setting of %s %s', coalesce(r.rolname, 'this database'), setting)
    FROM pg_db_role_setting AS s LEFT JOIN pg_roles AS r ON r.oid = s.setrole, unnest(s.setconfig) AS setting
    WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
      AND (r.rolname IN (SELECT name FROM runtime)
           OR (s.setrole = 0 AND split_part(setting, '=', 1) IN ('session_replication_role', 'row_security', 'search_path',
               'default_transaction_isolation', 'default_transaction_read_only', 'synchronous_commit')))
    UNION ALL
    SELECT format('parameter %s granted to %s', p.parname, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END)
    FROM pg_parameter_acl AS p, aclexplode(p.paracl) AS a WHERE a.grantee = 0 OR pg_get_userbyid(a.grantee) IN (SELECT name FROM runtime)
    UNION ALL
    SELECT format('function of %s elsewhere %s', pg_get_userbyid(p.proowner), p.oid::regprocedure) FROM pg_proc AS p
    WHERE p.pronamespace <> to_regnamespace('strongroom')
      AND pg_get_userbyid(p.proowner) IN (SELECT name FROM runtime UNION SELECT 'strongroom_owner')
    UNION ALL
    SELECT format('child %s of %s', i.inhrelid::regclass, r.relname) FROM pg_inherits AS i JOIN relations AS r ON r.oid = i.inhparent
    UNION ALL
    SELECT DISTINCT format('view %s on %s', w.ev_class::regclass, r.relname)
    FROM pg_depend AS d JOIN pg_rewrite AS w ON w.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
    JOIN relations AS r ON r.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass WHERE w.ev_class <> r.oid
    UNION ALL
    SELECT format('foreign key off %s on %s', c.conname, r.relname)
    FROM pg_trigger AS t JOIN relations AS r ON r.oid = t.tgrelid JOIN pg_constraint AS c ON c.oid = t.tgconstraint
    WHERE t.tgisinternal AND t.tgenabled <> 'O'
    UNION ALL
    SELECT format('rule %s.%s', r.relname, w.rulename) FROM pg_rewrite AS w JOIN relations AS r ON r.oid = w.ev_class
    UNION ALL
    SELECT format('constraint %s.%s %s', r.relname, c.conname, pg_get_constraintdef(c.oid))
    FROM pg_constraint AS c JOIN relations AS r ON r.oid = c.conrelid WHERE c.contype <> 'n'
    UNION ALL
    SELECT format('index %s', pg_get_indexdef(i.indexrelid)) FROM pg_index AS i JOIN relations AS r ON r.oid = i.indrelid
    UNION ALL
    SELECT format('column %s.%s %s%s%s', r.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                  CASE WHEN a.attnotnull THEN ' not null' END, ' default ' || pg_get_expr(d.adbin, d.adrelid))
    FROM relations AS r JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE r.relkind <> 'S'
    UNION ALL
    SELECT format('enum %s %s', t.typname, string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder))
    FROM pg_type AS t JOIN pg_enum AS e ON e.enumtypid = t.oid WHERE t.typnamespace = to_regnamespace('strongroom')
    GROUP BY t.typname
)
SELECT line FROM lines ORDER BY line COLLATE "C"
