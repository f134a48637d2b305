// A migrated database for one test file, people with API tokens, and clients as the roles that an application has.
// The server is the one that scripts/with-postgres started. The superuser seeds; everything that is tested runs
// through Prisma as a runtime role.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { omit } from '../caller.js';
import generated from '../generated/index.js';

const socketFolder = process.env.STRONGROOM_TEST_PGHOST;
const binary = process.env.STRONGROOM_BIN ?? fileURLToPath(new URL('../../target/debug/strongroom', import.meta.url));

export const { Prisma } = generated;

/** Creates and migrates a database; close() drops it. */
export async function createDatabase() {
  if (!socketFolder) throw new Error('no PostgreSQL to test against: run scripts/with-postgres npm test --prefix prisma');
  const name = `prisma_${randomBytes(8).toString('hex')}`;
  await asSuperuser('postgres', (server) => server.query(`CREATE DATABASE ${name}`));
  const url = `postgres://postgres@localhost/${name}?host=${socketFolder}`;
  execFileSync(binary, ['migrate', '--admin-database-url', url], { stdio: ['ignore', 'ignore', 'inherit'] });
  const sql = await connect(name);
  const clients = [];
  return {
    sql,
    /** A Prisma client with one connection, so that every transaction meets what the one before it left behind. */
    prisma(role = 'strongroom_app') {
      const adapter = new PrismaPg({ host: socketFolder, user: role, database: name, max: 1 });
      const client = new generated.PrismaClient({ adapter, omit });
      clients.push(client);
      return client;
    },
    async close() {
      await Promise.all(clients.map((client) => client.$disconnect()));
      await sql.end();
      await asSuperuser('postgres', (server) => server.query(`DROP DATABASE ${name} WITH (FORCE)`));
    },
  };
}

async function connect(database) {
  const client = new pg.Client({ host: socketFolder, user: 'postgres', database });
  await client.connect();
  return client;
}

async function asSuperuser(database, work) {
  const client = await connect(database);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A new API token of that user, and the hash that goes into the database: his id and 32 random bytes. */
export function createToken(userId) {
  const secret = Buffer.concat([Buffer.from(userId.replaceAll('-', ''), 'hex'), randomBytes(32)]);
  return { token: `srt_${secret.toString('base64url')}`, tokenHash: createHash('sha256').update(secret).digest() };
}

/** Puts a person with a live API token in place. */
export async function createPerson(sql, displayName) {
  const id = randomUUID();
  const { token, tokenHash } = createToken(id);
  await sql.query('INSERT INTO strongroom.users (id, email, display_name) VALUES ($1, $2, $3)', [
    id, `${displayName.toLowerCase()}@example.org`, displayName,
  ]);
  await sql.query(
    `INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at)
     VALUES ($1, $2, 'test', $3, now() + interval '1 day')`,
    [randomUUID(), id, tokenHash],
  );
  return { id, displayName, token };
}

/** Makes a workspace of its first member, its OWNER by a trigger, and seats the second as a MEMBER. */
async function createWorkspace(sql, name, owner, member) {
  const id = randomUUID();
  await sql.query('INSERT INTO strongroom.workspaces (id, name, created_by) VALUES ($1, $2, $3)', [id, name, owner.id]);
  await sql.query("INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ($1, $2, 'MEMBER')", [
    id, member.id,
  ]);
  return id;
}

/** A database with Ada and Bob and a workspace of hers in which he is a MEMBER, and a client as the application's role. */
export async function createTeam() {
  const database = await createDatabase();
  const ada = await createPerson(database.sql, 'Ada');
  const bob = await createPerson(database.sql, 'Bob');
  const workspaceId = await createWorkspace(database.sql, 'Engines', ada, bob);
  return { database, prisma: database.prisma(), ada, bob, workspaceId };
}

/** What create() takes for a credential of that person. */
export function credential(person, name, more = {}) {
  return {
    id: randomUUID(), userId: person.id, name, provider: 'github', type: 'API_KEY', encryptedValue: 'sealed',
    maskedValue: '****', ...more,
  };
}

/** Grants that credential to that person. Not by Prisma's create(), which would write what the database fills in. */
export function share(tx, credentialId, grantee, permission) {
  return tx.$executeRaw`
    INSERT INTO strongroom.credential_grants (id, credential_id, grantee_user_id, permissions)
    VALUES (gen_random_uuid(), ${credentialId}::uuid, ${grantee.id}::uuid,
            ARRAY[${permission}]::text[]::strongroom.grant_permission[])`;
}
