// Coming in by an invitation, and what is refused on the way.
// A password must never stay in the page, whichever way it ends.
import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { startVault } from '../../clients/typescript/test/vault.js';
import {
  assertAccessible,
  assertFits,
  assertNowhere,
  begin,
  browser,
  openWindow,
  PASSWORD,
  PHONE,
  signIn,
  vault,
} from './support.js';

begin();

/** Fills in what everybody says. */
async function fillIn(page, invitation, name, password = PASSWORD) {
  await page.getByLabel('Invitation').fill(invitation);
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('New password', { exact: true }).fill(password);
  await page.getByLabel('New password, again').fill(password);
}

function invite(email) {
  return vault.call('/api/admin/invitations', { method: 'POST', body: { email, is_admin: false } });
}

test('whoever is invited comes in with a password of his, and no token is left', async () => {
  const { invitation } = await invite('grace@example.org');
  const { page, faults } = await openWindow(browser, vault, PHONE);
  const tokens = [];
  page.on('response', async (answer) => {
    if (answer.url().endsWith('/invitations/accept')) tokens.push((await answer.json()).token);
  });
  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'I have an invitation' }).click();
  await page.waitForURL('**/invitation');
  await assertAccessible(page);
  await assertFits(page);
  await fillIn(page, invitation, 'Grace');
  await page.getByRole('button', { name: 'Come in' }).click();
  await page.waitForURL('**/credentials');
  for (const secret of [invitation, tokens[0], PASSWORD]) await assertNowhere(page, secret);
  const answer = await fetch(`${vault.url}/api/me`, { headers: { authorization: `Bearer ${tokens[0]}` } });
  assert.equal(answer.status, 401, 'the token has ended');
  await page.goto('/tokens');
  await page.getByRole('row', { name: /first token.*Revoked/ }).waitFor();
  await page.getByRole('button', { name: 'Open the menu' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in*');
  await signIn(page, 'grace@example.org');
  assert.deepEqual(faults, []);
});

test('an invitation is good once, and what is wrong is said where it is', async () => {
  const { invitation } = await invite('mary@example.org');
  const { page, faults } = await openWindow(browser, vault);
  await page.goto('/invitation');
  await fillIn(page, 'sri_short', 'Mary');
  await page.getByLabel('New password, again').fill('another sentence');
  await page.getByRole('button', { name: 'Come in' }).click();
  await page.getByText('This is no invitation.').waitFor();
  await page.getByText('The two are not the same.').waitFor();
  await assertAccessible(page);
  await fillIn(page, invitation, 'Mary', 'passwordpassword');
  await page.getByRole('button', { name: 'Come in' }).click();
  await page.getByRole('alert').filter({ hasText: 'commonest' }).waitFor();
  await fillIn(page, invitation, 'Mary');
  await page.getByRole('button', { name: 'Come in' }).click();
  await page.waitForURL('**/credentials');
  await page.goto('/invitation');
  await fillIn(page, invitation, 'Mary');
  await page.getByRole('button', { name: 'Come in' }).click();
  await page.getByRole('alert').filter({ hasText: 'was used already' }).waitFor();
  await assertAccessible(page);
  assert.deepEqual(faults, []);
});

test('whoever sets a vault up comes in with the set-up token and the keyboard alone', async () => {
  const fresh = await startVault(
    process.env.STRONGROOM_BINARY ?? join(resolve(import.meta.dirname, '../..'), 'target/debug/strongroom'),
  );
  try {
    const { page, faults } = await openWindow(browser, fresh);
    await page.goto('/invitation');
    await page.getByLabel('Invitation').focus();
    for (const typed of [fresh.setupToken, 'Ada']) {
      await page.keyboard.type(typed);
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Space');
    for (const typed of ['ada@example.org', PASSWORD, PASSWORD]) {
      await page.keyboard.press('Tab');
      await page.keyboard.type(typed);
    }
    await page.keyboard.press('Enter');
    await page.waitForURL('**/credentials');
    await page.getByRole('link', { name: 'Admin audit' }).waitFor();
    await assertNowhere(page, fresh.setupToken);
    assert.deepEqual(faults, []);
  } finally {
    await fresh.stop();
  }
});

test('what is not there is said inside the frame', async () => {
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  await page.goto('/nowhere');
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  await assertAccessible(page);
  assert.deepEqual(faults, []);
});
