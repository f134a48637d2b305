// What a client gets that has the right role and no proven caller: nothing to read, and nothing that it can write.
// Every model is asked, so that a table whose policies were forgotten shows. The client has one connection, which
// has proven callers before: what is left of them on it must be worth nothing.
import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { asCaller } from '../caller.js';
import { createDatabase, createPerson, createWorkspace, credential, Prisma } from './database.js';

const NO_GRANT = /permission denied/;
const NO_POLICY = /violates row-level security policy/;
const tomorrow = new Date(Date.now() + 86_400_000);
let database, prisma, ada, bob, workspaceId, credentialId;

before(async () => {
  database = await createDatabase();
  prisma = database.prisma();
  ada = await createPerson(database.sql, 'Ada');
  bob = await createPerson(database.sql, 'Bob');
  workspaceId = await createWorkspace(database.sql, 'Engines', ada, bob);
  credentialId = await asCaller(prisma, ada.token, async (tx) => {
    const { id } = await tx.userCredential.create({ data: credential(ada, 'laptop') });
    await tx.userCredential.update({ where: { id }, data: { encryptedValue: 'sealed again', version: 2 } });
    return id;
  });
});
after(() => database?.close());

const READABLE = ['user', 'workspace', 'workspaceMember', 'userCredential', 'credentialVersion', 'activityLog', 'apiToken'];
const WITHOUT_GRANT = ['invitation'];
const WRITTEN_BY_FUNCTIONS = ['user', 'credentialVersion', 'invitation'];

test('every model is either readable by the application or without a grant', () => {
  const models = Object.values(Prisma.ModelName).map((name) => name[0].toLowerCase() + name.slice(1));
  assert.deepEqual(models.sort(), [...READABLE, ...WITHOUT_GRANT].sort());
});

for (const model of READABLE) {
  test(`without a proven caller ${model}.findMany() returns nothing, though there are rows`, async () => {
    assert.notEqual(await asCaller(prisma, ada.token, (tx) => tx[model].count()), 0);
    assert.deepEqual(await prisma[model].findMany(), []);
    assert.equal(await prisma[model].count(), 0);
  });
}

for (const model of WITHOUT_GRANT) {
  test(`the application is refused ${model}.findMany(), with or without a proven caller`, async () => {
    await assert.rejects(prisma[model].findMany(), NO_GRANT);
    await assert.rejects(asCaller(prisma, ada.token, (tx) => tx[model].findMany()), NO_GRANT);
  });
}

const ROWS = {
  user: () => ({ id: randomUUID(), email: 'eve@example.org', displayName: 'Eve' }),
  workspace: () => ({ id: randomUUID(), name: 'Loom', createdBy: ada.id }),
  workspaceMember: () => ({ workspaceId, userId: bob.id, role: 'ADMIN' }),
  userCredential: () => credential(ada, 'another'),
  credentialVersion: () => ({ credentialId, version: 7, encryptedValue: 'sealed', maskedValue: '****' }),
  activityLog: () => ({
    action: 'CREDENTIAL_ACCESSED', actorId: ada.id, entityType: 'CREDENTIAL', entityId: credentialId, ownerId: ada.id,
  }),
  apiToken: () => ({ id: randomUUID(), userId: ada.id, name: 'forged', tokenHash: hashOf(randomBytes(48)), expiresAt: tomorrow }),
  invitation: () => ({ id: randomUUID(), tokenHash: hashOf(randomBytes(48)), email: 'eve@example.org', expiresAt: tomorrow }),
};

for (const model of [...READABLE, ...WITHOUT_GRANT]) {
  test(`without a proven caller ${model}.create() and createMany() are refused`, async () => {
    const refused = WRITTEN_BY_FUNCTIONS.includes(model) ? NO_GRANT : NO_POLICY;
    await assert.rejects(prisma[model].create({ data: ROWS[model]() }), refused);
    await assert.rejects(prisma[model].createMany({ data: [ROWS[model]()] }), refused);
  });
}

test('without a proven caller nothing is found to update', async () => {
  assert.deepEqual(await prisma.userCredential.updateMany({ data: { isActive: false } }), { count: 0 });
});

test('the proof ends with its transaction: the next one on the same connection sees nothing', async () => {
  const connection = (tx) => tx.$queryRaw`SELECT pg_backend_pid() AS pid`.then(([{ pid }]) => pid);
  const proven = await asCaller(prisma, ada.token, async (tx) => [await connection(tx), await tx.userCredential.count()]);
  const unproven = await prisma.$transaction(async (tx) => [await connection(tx), await tx.userCredential.count()]);
  assert.deepEqual([proven[1], unproven[1]], [1, 0]);
  assert.equal(proven[0], unproven[0]);
});

test('setting strongroom.proven by hand gains nothing, where a caller was proven before and where none was', async () => {
  const claim = (client) => client.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT set_config('strongroom.proven', 'yes', true)`;
    return tx.userCredential.findMany();
  });
  assert.deepEqual(await claim(prisma), []);
  await assert.rejects(claim(database.prisma()), /not yet defined in this session/);
});

test("a secret that is nobody's proves nobody", async () => {
  const nobodys = `srt_${randomBytes(48).toString('base64url')}`;
  await assert.rejects(asCaller(prisma, nobodys, (tx) => tx.user.findMany()), /the caller is not proven/);
  await assert.rejects(asCaller(prisma, 'srt_short', (tx) => tx.user.findMany()), /not a Strongroom API token/);
});

function hashOf(secret) {
  return createHash('sha256').update(secret).digest();
}
