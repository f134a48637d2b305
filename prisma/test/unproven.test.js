// What a client gets that has the right role and no proven caller: a refusal, whatever it asks. Every model is asked, so
// that a table whose policies were forgotten shows. A caller was proven on the connection before: what is left of him on
// it must be worth nothing.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { asCaller } from '../caller.js';
import { createTeam, createToken, credential, Prisma, share } from './database.js';

const NO_CALLER = /no caller is proven in this transaction/;
const NO_GRANT = /permission denied/;
const NO_POLICY = /violates row-level security policy/;
const tomorrow = new Date(Date.now() + 86_400_000);
const accountId = randomUUID();
let database, prisma, ada, bob, workspaceId, credentialId;

const trustRule = () => ({
  id: randomUUID(), serviceAccountId: accountId, issuer: 'https://ci.example', audience: 'vault', claims: { sub: 'repo:acme/*' },
});

before(async () => {
  ({ database, prisma, ada, bob, workspaceId } = await createTeam());
  credentialId = await asCaller(prisma, ada.token, async (tx) => {
    const { id } = await tx.userCredential.create({ data: credential(ada, 'laptop') });
    await tx.userCredential.update({ where: { id }, data: { encryptedValue: 'sealed again', version: 2 } });
    await share(tx, id, bob, 'USE');
    // Prisma would say of a service account whether it administers the instance, which is nobody's to say.
    await tx.$executeRaw`INSERT INTO strongroom.users (id, display_name, workspace_id)
                         VALUES (${accountId}::uuid, 'Deployer', ${workspaceId}::uuid)`;
    await tx.trustRule.createMany({ data: [trustRule()] });
    return id;
  });
  await database.sql.query("INSERT INTO strongroom.identities (id, user_id, issuer, subject) VALUES ($1, $2, 'https://op.example', 'ada')", [
    randomUUID(), ada.id,
  ]);
});
after(() => database?.close());

/** Runs `work` in a transaction without a caller, on the connection on which Ada was proven in the one before it. */
async function unproven(work) {
  const connection = async (tx) => (await tx.$queryRaw`SELECT pg_backend_pid() AS pid`)[0].pid;
  const provenOn = await asCaller(prisma, ada.token, connection);
  return prisma.$transaction(async (tx) => {
    assert.equal(await connection(tx), provenOn);
    return work(tx);
  });
}

const READABLE = [
  'user', 'workspace', 'workspaceMember', 'userCredential', 'credentialVersion', 'activityLog', 'apiToken', 'tokenUse',
  'identity', 'trustRule', 'credentialGrant',
];
const WITHOUT_GRANT = [
  'invitation', 'serverSecret', 'password', 'signInFailure', 'settings', 'pendingSignIn', 'idempotencyKey',
  'recordKey', 'recordCheckpoint', 'recordCut', 'recordSealing', 'sealedColumn', 'retiredKey',
];
const WITHOUT_INSERT_GRANT = [
  'user', 'credentialVersion', 'activityLog', 'tokenUse', 'identity', 'credentialGrant', ...WITHOUT_GRANT,
];

test('every model is either readable by the application or without a grant', () => {
  const models = Object.values(Prisma.ModelName).map((name) => name[0].toLowerCase() + name.slice(1));
  assert.deepEqual(models.sort(), [...READABLE, ...WITHOUT_GRANT].sort());
});

for (const model of READABLE) {
  test(`without a proven caller ${model}.findMany() and count() are refused, and with one they find rows`, async () => {
    await assert.rejects(unproven((tx) => tx[model].findMany()), NO_CALLER);
    await assert.rejects(unproven((tx) => tx[model].count()), NO_CALLER);
    await assert.rejects(prisma[model].findMany(), NO_CALLER);
    assert.notEqual((await asCaller(prisma, ada.token, (tx) => tx[model].findMany())).length, 0);
    assert.notEqual(await asCaller(prisma, ada.token, (tx) => tx[model].count()), 0);
  });
}

for (const model of WITHOUT_GRANT) {
  test(`the application is refused ${model}.findMany(), with or without a proven caller`, async () => {
    await assert.rejects(unproven((tx) => tx[model].findMany()), NO_GRANT);
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
  apiToken: () => ({ id: randomUUID(), userId: ada.id, name: 'forged', tokenHash: createToken(ada.id).tokenHash, expiresAt: tomorrow }),
  tokenUse: () => ({ tokenId: randomUUID() }),
  password: () => ({
    userId: bob.id, salt: randomBytes(16), memoryKib: 19456, iterations: 2, lanes: 1, verifier: randomBytes(32),
  }),
  signInFailure: () => ({ counter: randomBytes(32) }),
  settings: () => ({ versionRetentionDays: 1 }),
  identity: () => ({ id: randomUUID(), userId: ada.id, issuer: 'https://op.example', subject: 'eve' }),
  trustRule,
  pendingSignIn: () => ({
    stateHash: randomBytes(32), browserHash: randomBytes(32), nonce: 'n', pkceVerifier: 'v', returnTo: '/',
  }),
  credentialGrant: () => ({
    id: randomUUID(), credentialId, granteeUserId: bob.id, permissions: ['USE'], ownerId: ada.id,
  }),
  idempotencyKey: () => ({ userId: ada.id, key: 'k', fingerprint: randomBytes(32), credentialId }),
  recordKey: () => ({ envelope: 'sealed', verifierKey: 'k' }),
  recordCheckpoint: () => ({
    size: 1, recordIds: [1], firstId: 1, lastId: 1, marks: randomBytes(8), frontier: randomBytes(32), note: 'n', newestAt: tomorrow,
  }),
  recordCut: () => ({ size: 1, frontier: randomBytes(32), note: 'n' }),
  recordSealing: () => ({ boundary: 1 }),
  retiredKey: () => ({ keyId: 'k' }),
  sealedColumn: () => ({ name: 'app@1/public.t.c', rowColumn: 'id', keyName: 'LLM_CONFIG' }),
  serverSecret: () => ({ envelope: 'sealed', secretHash: randomBytes(32) }),
  invitation: () => ({ id: randomUUID(), tokenHash: randomBytes(32), email: 'eve@example.org', expiresAt: tomorrow }),
};

for (const model of [...READABLE, ...WITHOUT_GRANT]) {
  test(`without a proven caller ${model}.create() and createMany() are refused`, async () => {
    const refused = WITHOUT_INSERT_GRANT.includes(model) ? NO_GRANT : NO_POLICY;
    // create() asks for the new row back, which may be what is refused first.
    const either = new RegExp(`${refused.source}|${NO_CALLER.source}`);
    await assert.rejects(unproven((tx) => tx[model].create({ data: ROWS[model]() })), either);
    // Of a membership the trigger that guards it is asked before the policy. The policies of the others ask for a caller
    // in what they check of new rows, too: before there is a plan, and so before a grant is looked at.
    const asksForCaller = ['workspaceMember', 'apiToken', 'identity', 'credentialGrant'];
    const first = asksForCaller.includes(model) ? NO_CALLER : refused;
    await assert.rejects(unproven((tx) => tx[model].createMany({ data: [ROWS[model]()] })), first);
  });
}

for (const [model, data] of [
  ['userCredential', { isActive: false }], ['workspaceMember', { role: 'GUEST' }], ['apiToken', { revokedAt: new Date() }],
]) {
  test(`without a proven caller ${model}.updateMany() is refused`, async () => {
    await assert.rejects(unproven((tx) => tx[model].updateMany({ data })), NO_CALLER);
  });
}

test('without a proven caller workspaceMember.deleteMany() is refused', async () => {
  await assert.rejects(unproven((tx) => tx.workspaceMember.deleteMany()), NO_CALLER);
});

test('the proof ends with its transaction: the next one on the same connection is refused', async () => {
  assert.equal(await asCaller(prisma, ada.token, (tx) => tx.userCredential.count()), 1);
  await assert.rejects(unproven((tx) => tx.userCredential.count()), NO_CALLER);
});

test('a refusal for want of a caller carries the SQLSTATE SR401', async () => {
  const error = await prisma.user.findMany().then(assert.fail, (refusal) => refusal);
  assert.equal(error.meta?.driverAdapterError?.cause?.originalCode, 'SR401');
});

test('whoever sets strongroom.proven by hand is refused, where a caller was proven before and where none was', async () => {
  const claim = async (tx) => {
    await tx.$queryRaw`SELECT set_config('strongroom.proven', 'yes', true)`;
    return tx.userCredential.findMany();
  };
  await assert.rejects(unproven(claim), NO_CALLER);
  await assert.rejects(database.prisma().$transaction(claim), NO_CALLER);
});

test("a secret that is nobody's proves nobody", async () => {
  const nobodys = `srt_${randomBytes(48).toString('base64url')}`;
  await assert.rejects(asCaller(prisma, nobodys, (tx) => tx.user.findMany()), /the caller is not proven/);
  await assert.rejects(asCaller(prisma, 'srt_short', (tx) => tx.user.findMany()), /not a Strongroom API token/);
});

test('a caller is proven at isolation level read committed and at no other', async () => {
  const proveAt = (isolationLevel) => asCaller(prisma, ada.token, (tx) => tx.userCredential.count(), { isolationLevel });
  assert.equal(await proveAt('ReadCommitted'), 1);
  await assert.rejects(proveAt('RepeatableRead'), /at isolation level read committed only/);
  await assert.rejects(proveAt('Serializable'), /at isolation level read committed only/);
});
