// Going from page to page: where the focus is afterwards, what is read out, and what is shown where a page does not come.
// It must never look at where the focus is before the page is there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keep, workspace } from './credentials.js';
import { assertAccessible, assertFits, begin, browser, openWindow, person, PHONE, signIn, vault } from './support.js';

begin();

/** What has the focus, once it is the first heading. */
function focusedHeading(page, name) {
  return page.getByRole('heading', { name, level: 1 }).and(page.locator(':focus')).waitFor();
}

test('a page whose script does not come says so, and comes when it is loaded again', async () => {
  const { page } = await openWindow(browser, vault);
  await page.route('**/assets/credentials-*.js', (route) => route.abort());
  await signIn(page);
  await page.getByRole('alert').filter({ hasText: 'This page could not be loaded' }).waitFor();
  await assertAccessible(page);
  await page.getByRole('link', { name: 'Workspaces' }).click();
  await focusedHeading(page, 'Workspaces');
  await page.getByRole('link', { name: 'Credentials' }).click();
  await page.getByRole('alert').waitFor();
  await page.unroute('**/assets/credentials-*.js');
  await page.getByRole('button', { name: 'Reload' }).click();
  await page.getByRole('heading', { name: 'Credentials', level: 1 }).waitFor();
});

test('the focus goes to the heading of the page that a link leads to', async () => {
  const { id } = await keep(vault, { name: 'Reached' });
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  await page.getByRole('link', { name: 'Reached' }).click();
  await focusedHeading(page, 'Reached');
  await page.goBack();
  await focusedHeading(page, 'Credentials');
  await page.goto(`/credentials/${id}`);
  await page.getByRole('heading', { name: 'Reached', level: 1 }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement === document.body), true, 'nothing was followed yet');
  assert.deepEqual(faults, []);
});

test('the menu of a phone closes by Escape, and leads to the page that is chosen', async () => {
  const { page, faults } = await openWindow(browser, vault, PHONE);
  await signIn(page);
  await focusedHeading(page, 'Credentials');
  await page.getByRole('button', { name: 'Open the menu' }).click();
  await page.getByRole('link', { name: 'Sessions' }).focus();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Open the menu' }).and(page.locator(':focus')).waitFor();
  await page.getByRole('button', { name: 'Open the menu' }).click();
  await page.getByRole('link', { name: 'Sessions' }).click();
  await focusedHeading(page, 'Sessions');
  await page.getByRole('button', { name: 'Open the menu' }).waitFor();
  await assertFits(page);
  assert.deepEqual(faults, []);
});

test('how many a search finds is read out', async () => {
  await keep(vault, { name: 'Counted once' });
  await keep(vault, { name: 'Counted twice' });
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  const found = page.getByRole('status');
  await page.getByRole('searchbox').fill('Counted');
  await found.filter({ hasText: /^2 credentials$/ }).waitFor();
  await page.getByRole('searchbox').fill('Counted once');
  await found.filter({ hasText: /^1 credential$/ }).waitFor();
  await page.getByRole('searchbox').fill('nothing of that name');
  await found.filter({ hasText: 'No credential that you can see matches.' }).waitFor();
  await assertAccessible(page);
  assert.deepEqual(faults, []);
});

test('whoever has left is not taken to what was made meanwhile', async () => {
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  /** Holds the answer back until one has left, and then waits for it. */
  const leaving = async (address, leave) => {
    let isLeft;
    const untilLeft = new Promise((resolve) => (isLeft = resolve));
    await page.route(address, async (route) => {
      if (route.request().method() !== 'POST') return route.fallback();
      const response = await route.fetch();
      await untilLeft;
      await route.fulfill({ response });
    });
    const answered = page.waitForResponse((response) => response.request().method() === 'POST');
    await leave();
    isLeft();
    await (await answered).finished();
    await page.unrouteAll({ behavior: 'wait' });
  };
  await page.goto('/workspaces');
  await page.getByRole('button', { name: 'New workspace' }).click();
  await page.getByLabel('Name').fill('Made late');
  await leaving('**/api/workspaces', async () => {
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
  await page.getByRole('link', { name: 'Made late' }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/workspaces');

  await page.goto('/credentials/new');
  await page.getByRole('combobox', { name: 'Provider' }).fill('npm');
  await page.keyboard.press('Escape');
  await page.getByRole('textbox', { name: 'Name' }).fill('Kept late');
  await page.getByLabel('Value', { exact: true }).fill('npm_late0123456789');
  await leaving('**/api/credentials', async () => {
    await page.getByRole('textbox', { name: 'Name' }).press('Enter');
    await page.getByRole('link', { name: 'Cancel' }).click();
    await focusedHeading(page, 'Credentials');
  });
  await page.getByRole('link', { name: 'Kept late' }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/credentials');
  assert.deepEqual(faults, []);
});

test('a workspace that one does not administer is not offered as the owner, whatever the address says', async () => {
  const bob = await person(vault, 'Bob');
  const team = await workspace(vault, 'Not of Bob', [[bob, 'MEMBER']]);
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page, bob.email);
  await page.goto(`/credentials/new?workspace=${team.id}`);
  await page.getByRole('button', { name: /^Myself For|For$/ }).filter({ hasText: 'Myself' }).waitFor();
  await page.getByRole('combobox', { name: 'Provider' }).fill('npm');
  await page.keyboard.press('Escape');
  await page.getByRole('textbox', { name: 'Name' }).fill('Mine');
  await page.getByLabel('Value', { exact: true }).fill('npm_mine0123456789');
  const tags = page.getByRole('textbox', { name: 'Tags' });
  for (const tens of [1, 2]) {
    await tags.fill(Array.from({ length: 10 + tens }, (_, index) => `${tens}${index}`).join(','));
    await page.keyboard.press('Enter');
  }
  await page.getByText('Up to 20 tags of 50 characters each. Not added: 29, 210, 211.').waitFor();
  await assertAccessible(page);
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByRole('heading', { name: 'Mine', level: 1 }).waitFor();
  const [{ scope, tags: stored }] = (await bob.call('/api/credentials?text=Mine')).items;
  assert.deepEqual([scope, stored.length], ['USER', 20]);
  assert.deepEqual(faults, []);
});
