// Compares a Prisma schema with a database's catalog. Both sides become lists of lines, one fact a line, so that
// whatever stands on one side alone is the drift. The Prisma side comes from Prisma's own parser.
import schemaParser from '@prisma/prisma-schema-wasm';

const SCHEMA = 'strongroom';
const DEFAULT_TYPES = {
  String: 'text', Boolean: 'boolean', Int: 'integer', BigInt: 'bigint', Json: 'jsonb', Bytes: 'bytea', Float: 'double precision',
  DateTime: 'timestamp(3) without time zone',
};
const NATIVE_TYPES = {
  Uuid: () => 'uuid',
  VarChar: (length) => (length ? `character varying(${length})` : 'character varying'),
  Text: () => 'text',
  Timestamptz: (precision) => (precision === '6' ? 'timestamp with time zone' : `timestamp(${precision}) with time zone`),
  Integer: () => 'integer',
  BigInt: () => 'bigint',
  JsonB: () => 'jsonb',
  ByteA: () => 'bytea',
  Inet: () => 'inet',
};

/** What only the schema says and what only the database says. Both are empty when they agree. */
export async function findDrift(schemaText, sql) {
  const described = describeSchema(schemaText);
  const actual = await describeDatabase(sql);
  const { rows: inexpressible } = await sql.query(INEXPRESSIBLE_INDEXES, [SCHEMA]);
  const unnamed = inexpressible.filter(({ name }) => !new RegExp(`//.*\\b${name}\\b`).test(schemaText));
  return {
    onlyInSchema: described.filter((line) => !actual.includes(line)),
    onlyInDatabase: [
      ...actual.filter((line) => !described.includes(line)),
      ...unnamed.map(({ name }) => `index ${name}, which Prisma cannot express and no comment names`),
    ],
  };
}

function describeSchema(text) {
  const { datamodel } = JSON.parse(schemaParser.get_dmmf(JSON.stringify({ prismaSchema: [['schema.prisma', text]] })));
  const models = new Map(datamodel.models.map((model) => [model.name, model]));
  const enums = new Map(datamodel.enums.map((each) => [each.name, `${SCHEMA}.${each.dbName ?? each.name}`]));
  const columns = (model, names) =>
    names.map((name) => model.fields.find((field) => field.name === name)).map((field) => field.dbName ?? field.name);

  const lines = datamodel.enums.map(
    (each) => `enum ${enums.get(each.name)}: ${each.values.map((value) => value.dbName ?? value.name).join(', ')}`,
  );
  for (const model of models.values()) {
    const table = `${model.schema}.${model.dbName ?? model.name}`;
    lines.push(`table ${table}`);
    for (const field of model.fields.filter(({ kind }) => kind !== 'object')) {
      const type = columnType(field, enums.get(field.type));
      const required = field.isRequired ? ' NOT NULL' : '';
      lines.push(`column ${table}.${field.dbName ?? field.name}: ${type}${required}${columnDefault(field, type)}`);
    }
    for (const [name, type, required] of unsupportedColumns(text, model.name)) {
      lines.push(`column ${table}.${name}: ${type}${required}`);
    }
    for (const field of model.fields.filter(({ relationFromFields }) => relationFromFields?.length)) {
      const target = models.get(field.type);
      const from = columns(model, field.relationFromFields).join(', ');
      const to = `${target.schema}.${target.dbName ?? target.name} (${columns(target, field.relationToFields).join(', ')})`;
      lines.push(`foreign key ${table} (${from}) to ${to} ${field.relationOnDelete} ${field.relationOnUpdate}`);
    }
    for (const index of datamodel.indexes.filter((each) => each.model === model.name)) {
      const keys = index.fields.map(
        (field) => columns(model, [field.name])[0] + (field.sortOrder === 'desc' ? ' DESC' : ''),
      );
      const kind = index.type === 'id' ? 'primary key' : `${index.type} index ${index.dbName}`;
      lines.push(`${kind} of ${table} (${keys.join(', ')})`);
    }
  }
  return lines;
}

/** The columns of types that Prisma does not know, and that its parser leaves out of what it tells. */
function unsupportedColumns(text, model) {
  const [, body] = new RegExp(`^model ${model} \\{\n([^]*?)^\\}`, 'm').exec(text);
  const fields = body.matchAll(/^ +(\w+) +Unsupported\("([^"]+)"\)(\??)(?: +@default\(dbgenerated\("([^"]+)"\)\))?(?:.*@map\("(\w+)"\))?/gm);
  return [...fields].map(([, name, type, optional, value, column]) => [
    column ?? name, type, (optional ? '' : ' NOT NULL') + (value ? ` DEFAULT ${value}` : ''),
  ]);
}

function columnType({ type, nativeType, isList }, enumType) {
  const [native, parameters] = nativeType ?? [];
  const name = native
    ? (NATIVE_TYPES[native]?.(...parameters) ?? `unknown type ${native}`)
    : (enumType ?? DEFAULT_TYPES[type]);
  return isList ? `${name}[]` : name;
}

function columnDefault({ default: value, hasDefaultValue, kind, type }, columnType) {
  if (!hasDefaultValue) return '';
  if (value.name === 'autoincrement') return ' IDENTITY';
  if (value.name === 'dbgenerated') return ` DEFAULT ${value.args[0]}`;
  if (kind === 'enum' || ['String', 'Json'].includes(type)) return ` DEFAULT '${value}'::${columnType}`;
  return ` DEFAULT ${value.name ? `${value.name}()` : value}`;
}

async function describeDatabase(sql) {
  const { rows } = await sql.query(CATALOG, [SCHEMA]);
  return rows.map(({ line }) => line);
}

const CATALOG = `
WITH tables AS (
    SELECT oid, format('%s.%s', relnamespace::regnamespace, relname) AS name FROM pg_class
    WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f') AND relname <> '_sqlx_migrations'
), rules (letter, rule) AS (
    VALUES ('a', 'NoAction'), ('r', 'Restrict'), ('c', 'Cascade'), ('n', 'SetNull'), ('d', 'SetDefault')
), keyed AS (
    SELECT t.name, i.*, (SELECT string_agg(a.attname || CASE WHEN i.indoption[k.n - 1] & 1 = 1 THEN ' DESC' ELSE '' END, ', '
                                           ORDER BY k.n)
                         FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, n)
                         JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum) AS keys
    FROM pg_index AS i JOIN tables AS t ON t.oid = i.indrelid
    WHERE i.indpred IS NULL AND i.indexprs IS NULL AND NOT i.indnullsnotdistinct
)
SELECT 'table ' || name AS line FROM tables
UNION ALL
SELECT format('enum %s.%s: %s', typnamespace::regnamespace, typname, string_agg(enumlabel, ', ' ORDER BY enumsortorder))
FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid WHERE typnamespace = $1::regnamespace GROUP BY typnamespace, typname
UNION ALL
SELECT format('column %s.%s: %s', t.name, attname, format_type(atttypid, atttypmod))
    || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
    || CASE WHEN attidentity <> '' THEN ' IDENTITY' ELSE coalesce(' DEFAULT ' || pg_get_expr(adbin, adrelid), '') END
FROM pg_attribute JOIN tables AS t ON t.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attnum > 0 AND NOT attisdropped
UNION ALL
SELECT format('foreign key %s (%s) to %s (%s) %s %s', t.name,
    (SELECT string_agg(attname, ', ' ORDER BY n) FROM unnest(conkey) WITH ORDINALITY AS k (num, n)
     JOIN pg_attribute ON attrelid = conrelid AND attnum = num), confrelid::regclass,
    (SELECT string_agg(attname, ', ' ORDER BY n) FROM unnest(confkey) WITH ORDINALITY AS k (num, n)
     JOIN pg_attribute ON attrelid = confrelid AND attnum = num), d.rule, u.rule)
FROM pg_constraint JOIN tables AS t ON t.oid = conrelid
JOIN rules AS d ON d.letter = confdeltype::text JOIN rules AS u ON u.letter = confupdtype::text
WHERE contype = 'f'
UNION ALL
SELECT CASE WHEN indisprimary THEN 'primary key' ELSE
    format('%s index %s', CASE WHEN indisunique THEN 'unique' ELSE 'normal' END, relname) END
    || format(' of %s (%s)', name, keys)
FROM keyed JOIN pg_class ON pg_class.oid = indexrelid`;

const INEXPRESSIBLE_INDEXES = `
SELECT relname AS name FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE relnamespace = $1::regnamespace AND (indpred IS NOT NULL OR indexprs IS NOT NULL OR indnullsnotdistinct)`;
