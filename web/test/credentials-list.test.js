// Finding credentials: cards, the table, search and filters that are in the address.
// Its tests share one set of credentials, and must never change it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inDays, keep, workspace } from './credentials.js';
import { assertAccessible, assertFits, begin, browser, openWindow, person, PHONE, signIn, vault } from './support.js';

let team;
begin([], async () => {
  team = await workspace(vault, 'Platform');
  await keep(vault, { name: 'Fresh' });
  await keep(vault, { name: 'Soon', expires_at: inDays(10.5), tags: ['release'] });
  await keep(vault, { name: 'Over', expires_at: inDays(-1), provider: 'stripe', type: 'API_KEY' });
  await keep(vault, { name: 'Of the team', workspace_id: team.id, provider: 'Postfix', type: 'PASSWORD', description: 'mail relay' });
  const revoked = await keep(vault, { name: 'Former' });
  await vault.call(`/api/credentials/${revoked.id}`, { method: 'DELETE' });
});

const LINKS = 'main a[href^="/credentials/"]:not([href*="/new"])';

/** What the cards, or the rows, on the screen are called. */
async function names(page) {
  return page.locator(LINKS).allTextContents();
}

/** Waits until these are on the screen, and no other. */
async function shows(page, expected) {
  await page.waitForFunction(
    ([links, expected]) => {
      const shown = [...document.querySelectorAll(links)].map((link) => link.textContent);
      return JSON.stringify(shown.sort()) === JSON.stringify(expected);
    },
    [LINKS, [...expected].sort()],
  );
}

test('somebody who keeps nothing yet learns what belongs here, and how it comes', async () => {
  const eve = await person(vault, 'Eve');
  const { page, faults } = await openWindow(browser, vault, PHONE);
  await signIn(page, eve.email);
  await page.getByRole('heading', { name: 'Create your first credential' }).waitFor();
  await page.getByText('strongroom cred add').waitFor();
  await assertAccessible(page);
  await assertFits(page);
  await page.getByRole('link', { name: 'New credential' }).last().click();
  await page.waitForURL('**/credentials/new');
  assert.deepEqual(faults, []);
});

test('cards say what is worth knowing at a glance', async () => {
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  await shows(page, ['Fresh', 'Soon', 'Over', 'Of the team']);
  const card = (name) => page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) });
  const has = (name, text) => card(name).getByText(text, { exact: true }).waitFor();
  await has('Fresh', 'Active');
  await has('Fresh', '****6789');
  await has('Soon', 'Expires in 10 days');
  await has('Soon', 'release');
  await has('Over', 'Expired');
  await has('Of the team', 'Platform');
  await has('Of the team', '****');
  assert.equal(await card('Fresh').getByText('Never used').count(), 0, 'it is too new to tell');
  await assertAccessible(page);
  // A year later.
  await page.clock.install({ time: Date.now() + 366 * 86_400_000 });
  await page.goto('/credentials');
  await has('Fresh', 'Not rotated for a year');
  await has('Fresh', 'Never used');
  await has('Soon', 'Expired');
  assert.deepEqual(faults, []);
});

test('filters narrow the list, are in the address, and are gone back from', async () => {
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  await page.getByRole('searchbox', { name: 'Search' }).fill('relay');
  await shows(page, ['Of the team']);
  assert.equal(new URL(page.url()).search, '?text=relay');
  await page.getByRole('searchbox', { name: 'Search' }).fill('no such thing');
  await page.getByRole('heading', { name: 'Nothing matches' }).waitFor();
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Clear the filters' }).click();
  await shows(page, ['Fresh', 'Soon', 'Over', 'Of the team']);
  assert.equal(await page.getByRole('searchbox', { name: 'Search' }).inputValue(), '');

  await page.getByRole('button', { name: 'Expires soon' }).click();
  await shows(page, ['Soon', 'Over']);
  await page.getByRole('button', { name: 'Expires soon' }).click();
  await page.getByRole('button', { name: 'Revoked' }).click();
  await shows(page, ['Former']);
  await page.getByRole('listitem').getByText('Revoked', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Revoked' }).click();
  await page.getByRole('button', { name: 'Unused for 90 days' }).click();
  await shows(page, ['Fresh', 'Soon', 'Over', 'Of the team']);
  await page.getByRole('button', { name: 'Unused for 90 days' }).click();

  await page.getByRole('button', { name: 'Filters' }).click();
  await assertAccessible(page);
  await page.getByRole('combobox', { name: 'Provider' }).fill('Stripe');
  await shows(page, ['Over']);
  await page.keyboard.press('Escape');
  assert.equal(new URL(page.url()).search, '?provider=stripe');
  await page.getByRole('combobox', { name: 'Provider' }).fill('');
  await page.getByRole('listbox').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('textbox', { name: 'Tag' }).fill('release');
  await shows(page, ['Soon']);
  await page.getByRole('textbox', { name: 'Tag' }).fill('');
  await shows(page, ['Fresh', 'Soon', 'Over', 'Of the team']);
  await page.getByRole('button', { name: /Where/ }).click();
  await page.getByRole('option', { name: 'Personal' }).click();
  await shows(page, ['Fresh', 'Soon', 'Over']);
  await page.getByRole('button', { name: /Type/ }).click();
  await page.getByRole('option', { name: 'API key' }).click();
  await shows(page, ['Over']);

  // As somebody else would open the address.
  await page.goto(`/credentials?workspace=${team.id}&type=PASSWORD`);
  await shows(page, ['Of the team']);
  await page.getByRole('button', { name: 'Filters (2)' }).waitFor();
  // What is kept from here is the team's.
  await page.getByRole('link', { name: 'New credential' }).click();
  await page.getByRole('button', { name: /Platform/ }).waitFor();
  assert.deepEqual(faults, []);
});

test('a table is a choice that stays, and holds on a phone', async () => {
  const { page, faults } = await openWindow(browser, vault, PHONE);
  await signIn(page);
  await shows(page, ['Fresh', 'Soon', 'Over', 'Of the team']);
  await assertFits(page);
  await page.getByRole('radio', { name: 'Table' }).click();
  await page.getByRole('table').waitFor();
  await assertFits(page);
  await assertAccessible(page);
  await page.reload();
  await page.getByRole('table').waitFor();
  await page.getByRole('button', { name: 'Filters' }).click();
  await assertFits(page);
  assert.deepEqual(faults, []);
});

test('a long list comes by the page', async () => {
  const bob = await person(vault, 'Bob');
  for (let number = 1; number <= 21; number += 1) {
    const body = { name: `Number ${number}`, provider: 'npm', type: 'ACCESS_TOKEN', value: 'npm_0123456789' };
    await bob.call('/api/credentials', { method: 'POST', body });
  }
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page, bob.email);
  await page.getByRole('link', { name: 'Number 21' }).waitFor();
  assert.equal((await names(page)).length, 20);
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.getByRole('link', { name: 'Number 1', exact: true }).waitFor();
  assert.equal((await names(page)).length, 21);
  assert.deepEqual(faults, []);
});
