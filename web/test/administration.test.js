// What administrators do: invitations and retention; and that nobody else finds their pages.
// Must never leave a promise raised that another test lowers.
import assert from 'node:assert/strict';
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

begin();

test('an administrator asks somebody in, and the invitation brings him in', async () => {
  const { page, context, faults } = await openWindow(browser, vault, PHONE);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await signIn(page);
  await page.goto('/admin/invitations');
  await assertAccessible(page);
  await assertFits(page);
  await page.getByRole('button', { name: 'New invitation' }).click();
  await page.getByLabel('E-mail').fill('dan@example.org');
  await choose(page, 'checkbox', /Make them a vault administrator/);
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Create invitation' }).click();
  const invitation = await page.getByText(/^sri_/).textContent();
  await assertAccessible(page);
  await assertFits(page);
  await page.getByRole('button', { name: 'Copy the invitation' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), invitation);
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await assertNowhere(page, invitation);

  const invited = await openWindow(browser, vault);
  await invited.page.goto('/invitation');
  await invited.page.getByLabel('Invitation').fill(invitation);
  await invited.page.getByLabel('Your name').fill('Dan');
  await invited.page.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await invited.page.getByLabel('New password, again').fill(PASSWORD);
  await invited.page.getByRole('button', { name: 'Come in' }).click();
  await invited.page.getByRole('link', { name: 'Admin audit' }).waitFor();
  assert.deepEqual([...faults, ...invited.faults], []);
});

test('whoever is no administrator finds no pages of administration', async () => {
  const eve = await person(vault, 'Eve');
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page, eve.email);
  for (const path of ['/admin/audit', '/admin/invitations', '/admin/settings']) {
    await page.goto(path);
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
  }
  assert.equal(await page.getByRole('heading', { name: 'Administration' }).count(), 0);
  await assertAccessible(page);
  assert.deepEqual(faults, []);
});

test('retention is changed, and what there is no way back from is said before', async () => {
  const { page, faults } = await openWindow(browser, vault, PHONE);
  await signIn(page);
  await page.goto('/admin/settings');
  await choose(page, 'checkbox', 'Keep the record forever');
  await page.getByLabel('Keep the record for', { exact: true }).fill('900');
  await page.getByLabel('Promise to keep the record for at least').fill('365');
  await page.getByLabel('Keep previous versions of a value for').fill('400');
  await assertAccessible(page);
  await assertFits(page);
  await page.getByRole('button', { name: 'Save' }).click();
  const dialog = page.getByRole('alertdialog');
  await dialog.getByText('older than 900 days').waitFor();
  await dialog.getByText('365 days cannot be taken back').waitFor();
  assert.equal(await dialog.getByText('previous versions').count(), 0, 'they are kept for longer');
  await assertAccessible(page);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  assert.equal((await vault.call('/api/admin/settings')).record_retention_days, null);
  await page.getByRole('button', { name: 'Save' }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved').waitFor();
  assert.deepEqual(await vault.call('/api/admin/settings'), {
    record_retention_days: 900,
    record_retention_promise_days: 365,
    version_retention_days: 400,
    revoked_retention_days: 365,
  });

  // Nothing is destroyed by keeping things for longer, and nobody is asked.
  await choose(page, 'checkbox', 'Keep the record forever');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved').waitFor();
  assert.equal((await vault.call('/api/admin/settings')).record_retention_days, null);
  assert.deepEqual(faults, []);
});

test('what others have changed since the page was opened stays as they left it', async () => {
  const settings = { ...(await vault.call('/api/admin/settings')), revoked_retention_days: 365, version_retention_days: 365 };
  const set = (body) => vault.call('/api/admin/settings', { method: 'PUT', body });
  await set(settings);
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  await page.goto('/admin/settings');
  await page.getByLabel('Keep previous versions of a value for').waitFor();
  await set({ ...settings, revoked_retention_days: 3650 });
  await page.getByLabel('Keep previous versions of a value for').fill('400');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved').waitFor();
  const { revoked_retention_days, version_retention_days } = await vault.call('/api/admin/settings');
  assert.deepEqual([revoked_retention_days, version_retention_days], [3650, 400]);
  assert.equal(await page.getByLabel('Keep revoked credentials for').inputValue(), '3650');

  // What was longer when the page was opened is shorter than what it is now.
  await set({ ...settings, version_retention_days: 800 });
  await page.getByLabel('Keep previous versions of a value for').fill('500');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('alertdialog').getByText('older than 500 days').waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  assert.equal((await vault.call('/api/admin/settings')).version_retention_days, 800);
  assert.deepEqual(faults, []);
});

test('a promise is not lowered, whoever has raised it meanwhile', async () => {
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  await page.goto('/admin/settings');
  await page.getByLabel('Promise to keep the record for at least').waitFor();
  const settings = await vault.call('/api/admin/settings');
  await vault.call('/api/admin/settings', { method: 'PUT', body: { ...settings, record_retention_promise_days: 700 } });
  await page.getByLabel('Promise to keep the record for at least').fill('400');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('alert').filter({ hasText: 'A promise can be raised, and not taken back' }).waitFor();
  // What is promised now is what the page goes by.
  await page.getByRole('button', { name: 'Save' }).click();
  assert.ok(await page.getByLabel('Promise to keep the record for at least').evaluate((field) => field.validity.rangeUnderflow));
  await assertAccessible(page);
  assert.deepEqual(faults, []);
});
