// The life of a credential through the typed client, against the real binary.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, type Problem, type Strongroom } from '../src/index.js';
import { startVault } from './vault.js';

const binary = process.env['STRONGROOM_BIN'] ?? new URL('../../../../target/debug/strongroom', import.meta.url).pathname;

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Strongroom;
let ada: Strongroom;

/** What was answered; a refusal fails the test with its detail. */
function answered<T>({ data, error }: { data?: T; error?: Problem }): T {
  assert.equal(error, undefined);
  assert.ok(data !== undefined, 'no content');
  return data;
}

async function accept(invitation: string, display_name: string, email?: string): Promise<Strongroom> {
  const body = { display_name, email: email ?? null };
  const welcome = answered(await connect(vault.url, invitation).POST('/api/invitations/accept', { body }));
  return connect(vault.url, welcome.token);
}

before(async () => {
  vault = await startVault(binary);
  admin = await accept(vault.setupToken, 'Admin', 'admin@example.org');
  const { invitation } = answered(await admin.POST('/api/admin/invitations', { body: { email: 'ada@example.org' } }));
  ada = await accept(invitation, 'Ada');
});

after(() => vault?.stop());

test('an invited person is who the invitation says', async () => {
  const me = answered(await ada.GET('/api/me'));
  assert.deepEqual([me.email, me.display_name, me.is_admin], ['ada@example.org', 'Ada', false]);
});

test('a credential is created, listed, revealed, rotated and recorded', async () => {
  const created = answered(
    await ada.POST('/api/credentials', {
      body: { name: 'Deploy key', provider: 'github', type: 'API_KEY', value: 'ghp_first0123456789abcd' },
    }),
  );
  assert.deepEqual([created.scope, created.masked_value, created.version], ['USER', '****abcd', 1]);

  const list = answered(await ada.GET('/api/credentials', { params: { query: { provider: 'github', type: 'API_KEY' } } }));
  assert.deepEqual(list.items, [created]);
  assert.equal(list.next_cursor, undefined);

  const params = { path: { id: created.id } };
  const first = answered(await ada.GET('/api/credentials/{id}/value', { params }));
  assert.equal(first.value, 'ghp_first0123456789abcd');

  const body = { value: 'ghp_second123456789wxyz' };
  const rotated = answered(await ada.POST('/api/credentials/{id}/rotate', { params, body }));
  assert.deepEqual([rotated.version, rotated.masked_value], [2, '****wxyz']);
  const second = answered(await ada.GET('/api/credentials/{id}/value', { params }));
  assert.equal(second.value, 'ghp_second123456789wxyz');

  const record = answered(await ada.GET('/api/credentials/audit', { params: { query: { name: 'deploy' } } }));
  assert.deepEqual(
    record.items.map(({ action, outcome }) => `${action} ${outcome}`),
    ['CREDENTIAL_ACCESSED ALLOWED', 'CREDENTIAL_ROTATED ALLOWED', 'CREDENTIAL_ACCESSED ALLOWED', 'CREDENTIAL_CREATED ALLOWED'],
  );
});

test('pages of every list follow one another by next_cursor', async () => {
  for (const name of ['one', 'two', 'three']) {
    answered(await ada.POST('/api/workspaces', { body: { name } }));
  }
  const seen: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const query = { limit: 2, ...(cursor && { cursor }) };
    const page = answered(await ada.GET('/api/workspaces', { params: { query } }));
    seen.push(...page.items.map(({ name }) => name));
    if (!page.next_cursor) break;
    cursor = page.next_cursor;
  }
  assert.deepEqual(seen, ['three', 'two', 'one']);

  const first = answered(await ada.GET('/api/credentials/audit', { params: { query: { limit: 1 } } }));
  const cursor = first.next_cursor;
  assert.ok(cursor);
  const second = answered(await ada.GET('/api/credentials/audit', { params: { query: { limit: 1, cursor } } }));
  assert.ok(second.items[0] && first.items[0] && second.items[0].id < first.items[0].id);
});

test('a refusal is a problem with a code to branch on', async () => {
  const { items } = answered(await ada.GET('/api/credentials', { params: { query: { limit: 1 } } }));
  assert.ok(items[0]);
  const { error, response } = await admin.GET('/api/credentials/{id}/value', { params: { path: { id: items[0].id } } });
  assert.equal(error?.type, 'urn:strongroom:problem:not-found');
  assert.equal(response.status, 404);
});
