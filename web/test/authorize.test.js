// Letting a command line act as oneself, against a loopback server such as `strongroom login` opens.
// Must never send a form anywhere but to loopback.
import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import {
  assertAccessible,
  assertFits,
  assertNowhere,
  begin,
  browser,
  choose,
  openWindow,
  PASSWORD,
  person,
  PHONE,
  signIn,
  vault,
} from './support.js';

const STATE = 'AbCdEfGh_-0123456789';
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const KEY = publicKey.export({ type: 'spki', format: 'der' }).toString('base64url');

function open(sealed) {
  const bytes = Buffer.from(sealed, 'base64url');
  return privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, bytes).toString();
}

begin();

/** What `strongroom login` is to the browser: it waits on loopback for one form. */
async function commandLine() {
  const received = [];
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    received.push({ method, url, headers, form: Object.fromEntries(new URLSearchParams(await text(request))) });
    if (method === 'POST') return response.writeHead(303, { location: '/done' }).end();
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end('<!doctype html><title>Done</title><h1>Go back to your terminal</h1>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  return { port, received, origin: `http://127.0.0.1:${port}`, close: () => server.close() };
}

function address({ port, state = STATE, key = KEY, name = 'Laptop of Ada' }) {
  return `/authorize#port=${port}&state=${state}&key=${key}&name=${encodeURIComponent(name)}`;
}

/** The forms that the browser sent, without what it asks for by itself, such as an icon. */
function forms({ received }) {
  return received.filter(({ method }) => method === 'POST');
}

test('a command line gets a token by a form on loopback, and nobody else does', async () => {
  const terminal = await commandLine();
  const { page, faults } = await openWindow(browser, vault, PHONE, [terminal.origin]);
  await page.goto(address({ port: terminal.port }));
  await page.waitForURL('**/sign-in?next=*');
  await page.getByLabel('E-mail').fill('ada@example.org');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/authorize?*');
  assert.equal(new URL(page.url()).hash, '');
  await page.getByText('A command line on this computer wants to act as you').waitFor();
  assert.equal(await page.getByLabel('Name').inputValue(), 'Laptop of Ada');
  await assertAccessible(page);
  await assertFits(page);
  await page.getByText('A token named Laptop of Ada will be under API tokens').waitFor();
  await choose(page, 'checkbox', /^Manage/);
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.getByRole('heading', { name: 'Go back to your terminal' }).waitFor();

  const [{ url, headers, form }, ...more] = forms(terminal);
  assert.deepEqual([url, headers['content-type'], more], ['/token', 'application/x-www-form-urlencoded', []]);
  assert.equal(headers.origin, vault.url, 'by which the command line knows the page');
  assert.equal(headers.referer, `${vault.url}/`, 'and no more of the address than that');
  assert.deepEqual(Object.keys(form), ['state', 'sealed']);
  assert.equal(form.state, STATE);
  const token = open(form.sealed);
  assert.match(token, /^srt_/);
  const answer = await fetch(`${vault.url}/api/me`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await answer.json()).email, 'ada@example.org');
  const [made] = (await vault.call('/api/tokens')).items;
  assert.deepEqual([made.name, made.actions.toSorted()], ['Laptop of Ada', ['LIST', 'REVEAL', 'USE']]);
  assert.equal(Math.round((Date.parse(made.expires_at) - Date.parse(made.created_at)) / 86_400_000), 30);

  // Whoever loads what he sees again posts nothing, and whoever goes back makes no second token.
  await page.reload();
  assert.equal(forms(terminal).length, 1);
  await page.goBack();
  await page.getByRole('heading', { name: 'Handed over' }).waitFor();
  await assertAccessible(page);
  await page.reload();
  await page.getByRole('heading', { name: 'Handed over' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Allow' }).count(), 0);
  await assertNowhere(page, token);
  terminal.close();
  assert.deepEqual(faults, []);
});

test('whoever presses Allow twice at once makes one token', async () => {
  const terminal = await commandLine();
  const before = (await vault.call('/api/tokens')).items.length;
  const { page, faults } = await openWindow(browser, vault, {}, [terminal.origin]);
  await signIn(page);
  await page.goto(address({ port: terminal.port }));
  await page.getByRole('button', { name: 'Allow' }).waitFor();
  await page.locator('form').evaluate((form) => {
    form.requestSubmit();
    form.requestSubmit();
  });
  await page.getByRole('heading', { name: 'Go back to your terminal' }).waitFor();
  assert.equal((await vault.call('/api/tokens')).items.length, before + 1);
  terminal.close();
  assert.deepEqual(faults, []);
});

test('whoever declines makes no token, and the command line is told', async () => {
  const terminal = await commandLine();
  const before = (await vault.call('/api/tokens')).items.length;
  const { page, faults } = await openWindow(browser, vault, {}, [terminal.origin]);
  await signIn(page);
  await page.goto(address({ port: terminal.port }));
  await page.getByRole('button', { name: 'Decline' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Go back to your terminal' }).waitFor();
  assert.deepEqual(
    forms(terminal).map(({ form }) => form),
    [{ state: STATE, error: 'declined' }],
  );
  assert.equal((await vault.call('/api/tokens')).items.length, before);
  terminal.close();
  assert.deepEqual(faults, []);
});

test('a token is made for whom the page shows, sealed for a key that is one, or not at all', async () => {
  const bob = await person(vault, 'Bob');
  const { page, context, faults } = await openWindow(browser, vault);
  const allow = () => page.getByRole('button', { name: 'Allow' }).click();
  await signIn(page);
  await page.goto(address({ port: 5000, key: 'A'.repeat(392) }));
  await allow();
  await page.getByText('This link is not whole').waitFor();

  await page.goto('/invitation');
  await page.goto(address({ port: 5000 }));
  await page.getByText('act as you, Ada').waitFor();
  const before = (await vault.call('/api/tokens')).items.length;
  // The browser's session is another person's by now, of which this page has not heard.
  const signedIn = await context.request.post('/api/auth/sign-in', {
    headers: { origin: vault.url },
    data: { email: bob.email, password: PASSWORD, transport: 'COOKIE' },
  });
  assert.ok(signedIn.ok());
  await allow();
  await page.getByText('Ada is not signed in here any more').waitFor();
  assert.equal((await vault.call('/api/tokens')).items.length, before);
  assert.deepEqual((await bob.call('/api/tokens')).items.map(({ name }) => name).filter((name) => name.startsWith('Laptop')), []);
  assert.deepEqual(faults, []);
});

test('where the browser cannot seal, no token is made', async () => {
  const { page, faults } = await openWindow(browser, vault);
  await page.addInitScript(() => Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined }));
  await signIn(page);
  await page.goto(address({ port: 5000 }));
  await page.getByRole('heading', { name: 'This page cannot seal a token' }).waitFor();
  await assertAccessible(page);
  assert.equal(await page.getByRole('button', { name: 'Allow' }).count(), 0);
  assert.deepEqual(faults, []);
});

test('a request that is not in order is refused before anybody is asked to sign in', async () => {
  const { page, faults } = await openWindow(browser, vault);
  const wrong = [
    { port: 80 },
    { port: 1023 },
    { port: 65536 },
    { port: '5000@evil.example' },
    { port: '+5000' },
    { port: '05000' },
    { port: 5000, state: 'short' },
    { port: 5000, state: 'a'.repeat(129) },
    { port: 5000, state: 'abcdefgh ijklmnop' },
    { port: 5000, key: '' },
    { port: 5000, key: KEY.slice(1) },
    { port: 5000, key: `${KEY.slice(1)}=` },
  ];
  for (const request of wrong) {
    await page.goto('/invitation');
    await page.goto(address(request));
    await page.getByRole('heading', { name: 'This link is not whole' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Allow' }).count(), 0);
  }
  await assertAccessible(page);
  assert.deepEqual(faults, []);
});

test('a name of whatever length and kind is a name', async () => {
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  await page.goto(address({ port: 5000, name: `<b>*\u0007${'語'.repeat(300)}` }));
  await page.getByRole('button', { name: 'Allow' }).waitFor();
  const { pathname, search } = new URL(page.url());
  assert.match(pathname + search, /^\/authorize\?[A-Za-z0-9_./~=&%+:,-]*$/, 'as a provider brings it back');
  assert.ok((pathname + search).length <= 1000);
  assert.match(await page.getByLabel('Name').inputValue(), /^<b>\* 語+$/);
  assert.deepEqual(faults, []);
});
