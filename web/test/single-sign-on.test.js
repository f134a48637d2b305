// Signing in at a real OpenID provider, before which stands a real proxy.
// It must be the provider of the server's own tests, never an imitation.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { assertAccessible, assertFits, begin, browser, openWindow, PHONE, signIn, untilTheEnd, vault } from './support.js';

let provider, front;
begin(async () => {
  [provider, front] = await Promise.all([
    untilTheEnd(startProvider(), ({ stop }) => stop()),
    untilTheEnd(startFront(), ({ close }) => close()),
  ]);
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-web-'));
  untilTheEnd(Promise.resolve(folder), (folder) => rmSync(folder, { recursive: true }));
  const secret = join(folder, 'secret');
  writeFileSync(secret, 'known to the tests alone', { mode: 0o600 });
  const callback = `${front.url}/api/auth/oidc/callback`;
  const client = ['--oidc-client-id', 'strongroom', '--oidc-client-secret-file', secret, '--oidc-redirect-url', callback];
  return ['--oidc-issuer', provider.issuer, '--oidc-name', 'Acme', ...client];
}, () => front.leadTo(vault.url));

/** The real provider of the tests of crates/strongroom-server. */
async function startProvider() {
  const cwd = resolve(import.meta.dirname, '../../crates/strongroom-server/tests/oidc-provider');
  const process = spawn('node', ['provider.js'], { cwd, stdio: ['pipe', 'pipe', 'ignore'] });
  const [issuer] = await Promise.race([once(createInterface(process.stdout), 'line'), once(process, 'exit')]);
  assert.match(`${issuer}`, /^http/, 'oidc-provider is needed: run `make test`');
  const stop = () => {
    process.stdin.end();
    return once(process, 'exit');
  };
  return { issuer, stop };
}

/** A proxy before the vault, whose address is known before the vault starts, as the provider has to know it. */
async function startFront() {
  let target;
  const server = createServer((incoming, response) => {
    const { method, url, headers } = incoming;
    const onward = request(target + url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, leadTo: (url) => (target = url), close };
}

/** A window of whoever the provider knows by that name. */
function windowOf(account, options = {}) {
  return openWindow(browser, front, { ...options, extraHTTPHeaders: { 'x-account': account } }, [provider.issuer]);
}

test('whoever was invited comes in with the provider, where he wanted to go, and sets a first password', async () => {
  await vault.call('/api/admin/invitations', { method: 'POST', body: { email: 'dan@example.org', is_admin: false } });
  const { page, faults } = await windowOf('dan', PHONE);
  await page.goto('/tokens');
  await page.getByRole('link', { name: 'Continue with Acme' }).waitFor();
  await assertAccessible(page);
  await assertFits(page);
  await page.getByRole('link', { name: 'Continue with Acme' }).click();
  await page.waitForURL(`${front.url}/tokens`);
  await page.getByRole('heading', { name: 'API tokens' }).waitFor();
  await page.goto('/settings');
  await page.getByRole('row', { name: /dan/ }).waitFor();
  await assertAccessible(page);
  await assertFits(page);
  await page.getByLabel('New password', { exact: true }).fill('a sentence that only Dan knows');
  await page.getByLabel('New password, again').fill('a sentence that only Dan knows');
  await page.getByRole('button', { name: 'Set password' }).click();
  await page.getByText('Your password is set').waitFor();
  const again = await openWindow(browser, front);
  await signIn(again.page, 'dan@example.org', 'a sentence that only Dan knows');
  assert.deepEqual([...faults, ...again.faults], []);
});

test('an identity is linked from a session, signs in, and is taken away', async () => {
  const { page, faults } = await windowOf('ada-at-acme');
  await signIn(page);
  await page.goto('/settings');
  await page.getByText('None is linked yet.').waitFor();
  await page.getByRole('button', { name: 'Link Acme' }).click();
  await page.getByRole('row', { name: /ada-at-acme/ }).waitFor();
  assert.equal(page.url(), `${front.url}/settings`);
  const other = await windowOf('ada-at-acme');
  await other.page.goto('/sessions');
  await other.page.getByRole('link', { name: 'Continue with Acme' }).click();
  await other.page.getByText('signed in with single sign-on').waitFor();
  await page.getByRole('button', { name: 'Unlink ada-at-acme' }).click();
  await assertAccessible(page);
  await page.getByRole('alertdialog').getByRole('button', { name: 'Unlink' }).click();
  await page.getByText('None is linked yet.').waitFor();
  assert.deepEqual([...faults, ...other.faults], []);
});

test('whoever comes back from the provider with nothing is told so on the page, and nothing of the provider stays in the address', async () => {
  const { page, faults } = await windowOf('a-stranger');
  await page.goto('/tokens');
  await page.getByRole('link', { name: 'Continue with Acme' }).click();
  await page.getByRole('alert').getByText('Nobody came in').waitFor();
  assert.equal(page.url(), `${front.url}/sign-in?problem=unauthenticated&next=%2Ftokens`);
  await assertAccessible(page);
  assert.deepEqual(faults, []);
});

test('an identity that is another person\'s is not linked, and the settings say why', async () => {
  await vault.call('/api/admin/invitations', { method: 'POST', body: { email: 'gil@example.org', is_admin: false } });
  const gil = await windowOf('gil');
  await gil.page.goto('/sign-in');
  await gil.page.getByRole('link', { name: 'Continue with Acme' }).click();
  await gil.page.waitForURL(`${front.url}/credentials`);
  const { page, faults } = await windowOf('gil');
  await signIn(page);
  await page.goto('/settings');
  await page.getByRole('button', { name: 'Link Acme' }).click();
  await page.getByRole('alert').getByText('signs somebody else in').waitFor();
  await page.getByText('None is linked yet.').waitFor();
  assert.equal(page.url(), `${front.url}/settings?problem=conflict`);
  assert.deepEqual(faults, []);
});

test('what a command line asks for outlives the way to the provider and back', async () => {
  await vault.call('/api/admin/invitations', { method: 'POST', body: { email: 'fay@example.org', is_admin: false } });
  const { page, faults } = await windowOf('fay');
  const [key, name] = ['Key_'.repeat(98), `Laptop * of Fay ${'and others '.repeat(20)}`.trim()];
  await page.goto(`/authorize#port=5000&state=AbCdEfGh_-0123456789&key=${key}&name=${encodeURIComponent(name)}`);
  await page.getByRole('link', { name: 'Continue with Acme' }).click();
  await page.getByRole('button', { name: 'Allow' }).waitFor();
  assert.equal(await page.getByLabel('Name').inputValue(), name);
  const { searchParams } = new URL(page.url());
  assert.deepEqual([searchParams.get('state'), searchParams.get('key')], ['AbCdEfGh_-0123456789', key]);
  assert.deepEqual(faults, []);
});
