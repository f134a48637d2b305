// schema.prisma is written by hand from the migrations. This holds it to the catalog of a migrated database, in both
// directions, and shows that the comparison notices what it is there to notice.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { createDatabase } from './database.js';
import { findDrift } from './drift.js';

const schema = readFileSync(new URL('../schema.prisma', import.meta.url), 'utf8');
let database;
before(async () => { database = await createDatabase(); });
after(() => database?.close());

/** The drift of the schema after that change; a change that changes nothing is a mistake of the test. */
async function driftAfter(pattern, replacement) {
  const changed = schema.replace(pattern, replacement);
  assert.notEqual(changed, schema);
  return findDrift(changed, database.sql);
}

test('schema.prisma describes the migrated database, no more and no less', async () => {
  assert.deepEqual(await findDrift(schema, database.sql), { onlyInSchema: [], onlyInDatabase: [] });
});

test('a column that the schema lacks is drift', async () => {
  const drift = await driftAfter(/^ +maskedValue .*masked_value.*\n/m, '');
  assert.deepEqual(drift, {
    onlyInSchema: [],
    onlyInDatabase: ['column strongroom.user_credentials.masked_value: character varying(20) NOT NULL'],
  });
});

test('an enum value that is spelled otherwise is drift', async () => {
  const drift = await driftAfter(/^ +OAUTH_TOKEN$/m, '  OAUTH2_TOKEN');
  const labels = (second) => [`enum strongroom.credential_type: API_KEY, ${second}, ACCESS_TOKEN, SECRET, PASSWORD, CUSTOM`];
  assert.deepEqual(drift, { onlyInSchema: labels('OAUTH2_TOKEN'), onlyInDatabase: labels('OAUTH_TOKEN') });
});

for (const [what, pattern, replacement] of [
  ['enum values in another order', /( +ALLOWED\n)( +DENIED\n)/, '$2$1'],
  ['another length', '@db.VarChar(254)', '@db.VarChar(255)'],
  ['another type', '@db.JsonB', '@db.Json'],
  ['another nullability', /(description +String)\?/, '$1'],
  ['another default', '@default(USER)', '@default(WORKSPACE)'],
  ['another delete rule', 'onDelete: SetNull', 'onDelete: Cascade'],
  ['another primary key', '@@id([credentialId, version])', '@@id([version, credentialId])'],
  ['an index in another order', '[userId, id(sort: Desc)], map: "api_tokens_user"', '[userId, id], map: "api_tokens_user"'],
  ['a unique constraint missing', '@unique(map: "api_tokens_token_hash_key") ', ''],
]) {
  test(`a schema with ${what} is drift`, async () => {
    const { onlyInSchema, onlyInDatabase } = await driftAfter(pattern, replacement);
    assert.ok(onlyInSchema.length + onlyInDatabase.length > 0);
  });
}

test('a table without a model is drift', async () => {
  await database.sql.query('BEGIN; CREATE TABLE strongroom.notes (id uuid PRIMARY KEY)');
  const drift = await findDrift(schema, database.sql);
  await database.sql.query('ROLLBACK');
  assert.deepEqual(drift.onlyInDatabase.sort(), [
    'column strongroom.notes.id: uuid NOT NULL', 'primary key of strongroom.notes (id)', 'table strongroom.notes',
  ]);
});

test('an index that Prisma cannot express and that no comment names is drift', async () => {
  const { onlyInDatabase } = await driftAfter('user_credentials_name_key', 'an index');
  assert.deepEqual(onlyInDatabase, ['index user_credentials_name_key, which Prisma cannot express and no comment names']);
});
