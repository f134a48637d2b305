// What a proven caller reaches through Prisma, and where his reach ends: his own rows with their relations, what his
// role in a workspace gives him, and nothing of anybody else's.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { asCaller } from '../caller.js';
import { createPerson, createTeam, createToken, credential, share } from './database.js';

const NO_GRANT = /permission denied/;
const NO_POLICY = /violates row-level security policy/;
let database, prisma, ada, bob, workspaceId, adas, bobs, shared;

before(async () => {
  ({ database, prisma, ada, bob, workspaceId } = await createTeam());
  adas = await as(ada, (tx) => tx.userCredential.create({ data: credential(ada, 'laptop', { metadata: { team: 'core' } }) }));
  bobs = await as(bob, (tx) => tx.userCredential.create({ data: credential(bob, 'phone') }));
  shared = await as(ada, (tx) =>
    tx.userCredential.create({ data: credential(ada, 'deploy', { scope: 'WORKSPACE', workspaceId }) }));
});
after(() => database?.close());

const as = (person, work) => asCaller(prisma, person.token, work);
const daysFromNow = (days) => new Date(Date.now() + days * 86_400_000);
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

test('what is shared is seen by its grantee, with his grant, and changed where he manages it', async () => {
  const { id } = await as(ada, (tx) => tx.userCredential.create({ data: credential(ada, 'shared', { tags: ['ci'] }) }));
  const change = { where: { id }, data: { description: 'changed' } };
  const where = { tags: { has: 'ci' } };
  assert.equal(await as(bob, (tx) => tx.userCredential.count({ where })), 0);
  await as(ada, (tx) => share(tx, id, bob, 'USE'));
  const [found] = await as(bob, (tx) => tx.userCredential.findMany({ where, include: { grants: true } }));
  assert.deepEqual(found.grants.map(({ granteeUserId, permissions }) => [granteeUserId, permissions]), [[bob.id, ['USE']]]);
  assert.equal((await as(bob, (tx) => tx.userCredential.updateMany(change))).count, 0);
  const widen = { where: { credentialId: id }, data: { permissions: ['USE', 'MANAGE'] } };
  assert.equal((await as(bob, (tx) => tx.credentialGrant.updateMany(widen))).count, 0);
  assert.equal((await as(ada, (tx) => tx.credentialGrant.updateMany(widen))).count, 1);
  assert.equal((await as(bob, (tx) => tx.userCredential.updateMany(change))).count, 1);
  await as(ada, (tx) => tx.credentialGrant.deleteMany({ where: { credentialId: id } }));
  assert.equal(await as(bob, (tx) => tx.userCredential.count({ where })), 0);
  await as(ada, (tx) => tx.userCredential.update({ where: { id }, data: { isActive: false } }));
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

test('Ada cannot say when her credential was last used', async () => {
  const change = { where: { id: adas.id }, data: { lastUsedAt: new Date() } };
  await assert.rejects(as(ada, (tx) => tx.userCredential.update(change)), NO_GRANT);
  await assert.rejects(as(ada, (tx) => tx.userCredential.updateMany(change)), NO_GRANT);
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
  assert.deepEqual(versions.map((each) => [each.version, each.maskedValue]), [[1, '****']]);
  const kept = 'SELECT encrypted_value FROM strongroom.credential_versions WHERE credential_id = $1';
  assert.deepEqual((await database.sql.query(kept, [id])).rows, [{ encrypted_value: 'sealed' }]);
  const record = await as(ada, (tx) => tx.activityLog.findMany({ where: { entityId: id }, orderBy: { id: 'asc' } }));
  assert.deepEqual(record.map(({ action }) => action), ['CREDENTIAL_CREATED', 'CREDENTIAL_ROTATED']);
  assert.ok(record.every(({ actorId }) => actorId === ada.id));
  assert.equal(await as(bob, (tx) => tx.activityLog.count({ where: { entityId: id } })), 0);
});

test('Ada cannot read an envelope, be it her own: not by name, not with an earlier version, not by guessing', async () => {
  const envelope = { omit: { encryptedValue: false } };
  assert.equal('encryptedValue' in adas, false);
  await assert.rejects(as(ada, (tx) => tx.userCredential.findMany(envelope)), NO_GRANT);
  await assert.rejects(as(ada, (tx) => tx.userCredential.findMany({ select: { encryptedValue: true } })), NO_GRANT);
  await assert.rejects(as(ada, (tx) => tx.credentialVersion.findMany(envelope)), NO_GRANT);
  await assert.rejects(as(ada, (tx) => tx.userCredential.findMany({ include: { versions: envelope } })), NO_GRANT);
  const guess = { where: { encryptedValue: { startsWith: 's' } } };
  await assert.rejects(as(ada, (tx) => tx.userCredential.count(guess)), NO_GRANT);
  await assert.rejects(as(ada, (tx) => tx.credentialVersion.count(guess)), NO_GRANT);
});

test('nobody reads who administers the instance', async () => {
  assert.equal('isAdmin' in (await as(ada, (tx) => tx.user.findUnique({ where: { id: ada.id } }))), false);
  await assert.rejects(as(ada, (tx) => tx.user.findMany({ omit: { isAdmin: false } })), NO_GRANT);
  await assert.rejects(as(ada, (tx) => tx.user.count({ where: { isAdmin: true } })), NO_GRANT);
});

test("Ada can neither add to the record nor change it, in her own name or in another's", async () => {
  for (const actorId of [ada.id, bob.id]) {
    const data = { action: 'CREDENTIAL_ACCESSED', actorId, entityType: 'CREDENTIAL', entityId: adas.id, ownerId: ada.id };
    await assert.rejects(as(ada, (tx) => tx.activityLog.create({ data })), NO_GRANT);
    await assert.rejects(as(ada, (tx) => tx.activityLog.createMany({ data: [data] })), NO_GRANT);
  }
  await assert.rejects(as(ada, (tx) => tx.activityLog.updateMany({ data: { actorId: bob.id } })), NO_GRANT);
  await assert.rejects(as(ada, (tx) => tx.activityLog.deleteMany()), NO_GRANT);
});

const tokenRow = (tokenHash, more) =>
  ({ id: randomUUID(), userId: ada.id, name: 'build', tokenHash, expiresAt: daysFromNow(1), ...more });

test('Ada makes a token that proves her and whose hash can then not be read', async () => {
  const { token, tokenHash } = createToken(ada.id);
  const made = await as(ada, (tx) => tx.apiToken.create({ data: tokenRow(tokenHash) }));
  assert.equal('tokenHash' in made, false);
  assert.equal(await as({ token }, (tx) => tx.userCredential.count({ where: { id: adas.id } })), 1);
  await assert.rejects(as(ada, (tx) => tx.apiToken.findMany({ omit: { tokenHash: false } })), NO_GRANT);
});

test("a token proves nobody that does not begin with its person's id", async () => {
  const { token, tokenHash } = createToken(bob.id);
  await as(ada, (tx) => tx.apiToken.create({ data: tokenRow(tokenHash) }));
  await assert.rejects(as({ token }, (tx) => tx.user.findMany()), /the caller is not proven/);
});

test('a token lives for 366 days at most', async () => {
  const make = (days) => as(ada, (tx) =>
    tx.apiToken.create({ data: tokenRow(createToken(ada.id).tokenHash, { expiresAt: daysFromNow(days) }) }));
  await make(365);
  await assert.rejects(make(367), /api_tokens_check/);
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
