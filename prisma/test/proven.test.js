// What a proven caller reaches through Prisma, and where his reach ends: his own rows with their relations, what his
// role in a workspace gives him, and nothing of anybody else's.
import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { asCaller } from '../caller.js';
import { createDatabase, createPerson, createWorkspace, credential } from './database.js';

const NO_GRANT = /permission denied/;
const NO_POLICY = /violates row-level security policy/;
let database, prisma, ada, bob, workspaceId, adas, bobs, shared;

before(async () => {
  database = await createDatabase();
  prisma = database.prisma();
  ada = await createPerson(database.sql, 'Ada');
  bob = await createPerson(database.sql, 'Bob');
  workspaceId = await createWorkspace(database.sql, 'Engines', ada, bob);
  adas = await as(ada, (tx) => tx.userCredential.create({ data: credential(ada, 'laptop', { metadata: { team: 'core' } }) }));
  bobs = await as(bob, (tx) => tx.userCredential.create({ data: credential(bob, 'phone') }));
  shared = await as(ada, (tx) =>
    tx.userCredential.create({ data: credential(ada, 'deploy', { scope: 'WORKSPACE', workspaceId }) }));
});
after(() => database?.close());

const as = (person, work) => asCaller(prisma, person.token, work);
const names = (rows) => rows.map(({ name }) => name).sort();

test('Ada reads her own credential, with the defaults of the database and its owner', async () => {
  const query = { where: { id: adas.id }, include: { user: true, workspace: true } };
  const found = await as(ada, (tx) => tx.userCredential.findUnique(query));
  assert.equal(found.user.displayName, 'Ada');
  assert.equal(found.workspace, null);
  assert.deepEqual([found.scope, found.version, found.isActive, found.metadata], ['USER', 1, true, { team: 'core' }]);
  assert.ok(found.createdAt instanceof Date);
});

test('Ada reads the credential of her workspace with the workspace and its members', async () => {
  const found = await as(ada, (tx) => tx.userCredential.findUnique({
    where: { id: shared.id },
    include: { user: true, workspace: { include: { members: { include: { user: true } } } } },
  }));
  assert.equal(found.workspace.name, 'Engines');
  const members = found.workspace.members.map(({ role, user }) => `${user.displayName} ${role}`);
  assert.deepEqual(members.sort(), ['Ada OWNER', 'Bob MEMBER']);
});

test("nobody reads another's credential: not in a list, not by its id, not through a relation", async () => {
  assert.deepEqual(names(await as(ada, (tx) => tx.userCredential.findMany())), ['deploy', 'laptop']);
  assert.equal(await as(ada, (tx) => tx.userCredential.findUnique({ where: { id: bobs.id } })), null);
  const people = await as(ada, (tx) => tx.user.findMany({ include: { credentials: true, apiTokens: true } }));
  const bobAsAdaSeesHim = people.find(({ id }) => id === bob.id);
  assert.deepEqual([bobAsAdaSeesHim.credentials, bobAsAdaSeesHim.apiTokens], [[], []]);
});

test("a credential of a workspace is its OWNER's to see and not its MEMBER's", async () => {
  const where = { scope: 'WORKSPACE', workspaceId };
  assert.deepEqual(names(await as(ada, (tx) => tx.userCredential.findMany({ where }))), ['deploy']);
  assert.deepEqual(await as(bob, (tx) => tx.userCredential.findMany({ where })), []);
  assert.equal((await as(bob, (tx) => tx.workspace.findMany())).length, 1);
});

test('a MEMBER cannot add a credential to the workspace', async () => {
  const data = credential(bob, 'mine', { scope: 'WORKSPACE', workspaceId });
  await assert.rejects(as(bob, (tx) => tx.userCredential.create({ data })), NO_POLICY);
});

test("Ada cannot create a credential in Bob's name", async () => {
  await assert.rejects(as(ada, (tx) => tx.userCredential.create({ data: credential(bob, 'planted') })), NO_POLICY);
  await assert.rejects(as(ada, (tx) => tx.userCredential.createMany({ data: [credential(bob, 'planted')] })), NO_POLICY);
});

test('Ada cannot give her credential to Bob', async () => {
  const change = { where: { id: adas.id }, data: { userId: bob.id } };
  await assert.rejects(as(ada, (tx) => tx.userCredential.update(change)), NO_GRANT);
});

test("Ada cannot change Bob's credential", async () => {
  const change = { where: { id: bobs.id }, data: { isActive: false } };
  assert.deepEqual(await as(ada, (tx) => tx.userCredential.updateMany(change)), { count: 0 });
  await assert.rejects(as(ada, (tx) => tx.userCredential.update(change)), { code: 'P2025' });
});

test('Ada cannot delete a credential, not even her own', async () => {
  await assert.rejects(as(ada, (tx) => tx.userCredential.delete({ where: { id: adas.id } })), NO_GRANT);
  await assert.rejects(as(ada, (tx) => tx.userCredential.deleteMany()), NO_GRANT);
});

test('an envelope that is replaced is kept as an earlier version, and both are on the record', async () => {
  const { id } = await as(ada, (tx) => tx.userCredential.create({ data: credential(ada, 'rotated') }));
  await as(ada, (tx) => tx.userCredential.update({ where: { id }, data: { encryptedValue: 'sealed again', version: 2 } }));
  const { versions } = await as(ada, (tx) => tx.userCredential.findUnique({ where: { id }, include: { versions: true } }));
  assert.deepEqual(versions.map((each) => [each.version, each.encryptedValue]), [[1, 'sealed']]);
  const record = await as(ada, (tx) => tx.activityLog.findMany({ where: { entityId: id }, orderBy: { id: 'asc' } }));
  assert.deepEqual(record.map(({ action }) => action), ['CREDENTIAL_CREATED', 'CREDENTIAL_ROTATED']);
  assert.ok(record.every(({ actorId }) => actorId === ada.id));
  assert.equal(await as(bob, (tx) => tx.activityLog.count({ where: { entityId: id } })), 0);
});

test("Ada cannot write or change the record in another's name", async () => {
  const data = { action: 'CREDENTIAL_ACCESSED', actorId: bob.id, entityType: 'CREDENTIAL', entityId: adas.id, ownerId: ada.id };
  await assert.rejects(as(ada, (tx) => tx.activityLog.create({ data })), NO_POLICY);
  await assert.rejects(as(ada, (tx) => tx.activityLog.updateMany({ data: { actorId: bob.id } })), NO_GRANT);
  await assert.rejects(as(ada, (tx) => tx.activityLog.deleteMany()), NO_GRANT);
});

test('Ada makes a token whose hash can then not be read', async () => {
  const tokenHash = createHash('sha256').update(randomBytes(48)).digest();
  const data = { id: randomUUID(), userId: ada.id, name: 'build', tokenHash, expiresAt: new Date(Date.now() + 86_400_000) };
  const made = await as(ada, (tx) => tx.apiToken.create({ data }));
  assert.equal(made.tokenHash, undefined);
  await assert.rejects(as(ada, (tx) => tx.apiToken.findMany({ omit: { tokenHash: false } })), NO_GRANT);
});

test('a token that is revoked proves nobody any more', async () => {
  const eve = await createPerson(database.sql, 'Eve');
  await as(eve, (tx) => tx.apiToken.updateMany({ where: { userId: eve.id }, data: { revokedAt: new Date() } }));
  await assert.rejects(as(eve, (tx) => tx.user.findMany()), /the caller is not proven/);
});

test('whoever makes a workspace, with createMany() alone, is its OWNER', async () => {
  const data = { id: randomUUID(), name: 'Loom', createdBy: bob.id };
  await assert.rejects(as(bob, (tx) => tx.workspace.create({ data })), NO_POLICY);
  await as(bob, (tx) => tx.workspace.createMany({ data: [data] }));
  const { members } = await as(bob, (tx) => tx.workspace.findUnique({ where: { id: data.id }, include: { members: true } }));
  assert.deepEqual(members.map(({ userId, role }) => [userId, role]), [[bob.id, 'OWNER']]);
});
