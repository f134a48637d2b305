// One's own settings and sessions.
// A test that changes Ada's password or ends her sessions must leave her able to sign in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertAccessible,
  assertFits,
  assertNowhere,
  begin,
  browser,
  openWindow,
  PASSWORD,
  person,
  PHONE,
  signIn,
  vault,
} from './support.js';

begin();

test('everybody finds his id, and copies it', async () => {
  const { page, context, faults } = await openWindow(browser, vault, PHONE);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await signIn(page);
  await page.goto('/settings');
  await page.getByRole('button', { name: 'Copy your id' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  await page.getByText('Give your id to whoever adds you to a workspace. It is not a secret.').waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), vault.ada.user_id);
  await assertAccessible(page);
  await assertFits(page);
  assert.equal(await page.getByRole('heading', { name: 'Single sign-on' }).count(), 0, 'there is no provider');
  assert.deepEqual(faults, []);
});

test('a theme is chosen by keyboard, and kept', async () => {
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  await page.goto('/settings');
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByRole('radio', { name: 'Same as system' }).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.ok(await page.getByRole('radio', { name: 'Dark' }).isChecked());
  assert.notEqual(await background(), light);
  await page.reload();
  assert.notEqual(await background(), light);
  assert.ok(await page.getByRole('radio', { name: 'Dark' }).isChecked());
  await assertAccessible(page);
  assert.deepEqual(faults, []);
});

test('a password is changed by whoever knows the former one, and other sessions end', async () => {
  const bob = await person(vault, 'Bob');
  const elsewhere = await openWindow(browser, vault);
  await signIn(elsewhere.page, bob.email);
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page, bob.email);
  await page.goto('/settings');
  const set = async (current, chosen) => {
    await page.getByLabel('Current password').fill(current);
    await page.getByLabel('New password', { exact: true }).fill(chosen);
    await page.getByLabel('New password, again').fill(chosen);
    await page.getByRole('button', { name: 'Set password' }).click();
  };
  await set('not what he knows', 'another sentence of Bob');
  await page.getByRole('alert').filter({ hasText: 'not right' }).waitFor();
  await assertNowhere(page, 'another sentence of Bob');
  await assertAccessible(page);
  await set('', 'another sentence of Bob');
  await page.getByRole('alert').filter({ hasText: 'You have a password' }).waitFor();
  await set(PASSWORD, 'another sentence of Bob');
  await page.getByText('Your password is set').waitFor();
  await assertNowhere(page, 'another sentence of Bob');
  await assertAccessible(page);
  await elsewhere.page.goto('/settings');
  await elsewhere.page.waitForURL('**/sign-in*');
  await signIn(elsewhere.page, bob.email, 'another sentence of Bob');
  assert.deepEqual([...faults, ...elsewhere.faults], []);
});

test('sessions are seen for what they are, and ended one by one or all together', async () => {
  const cleo = await person(vault, 'Cleo');
  const { page, faults } = await openWindow(browser, vault, PHONE);
  await signIn(page, cleo.email);
  const others = [];
  for (const userAgent of ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'curl/8.14.1', undefined]) {
    const other = await openWindow(browser, vault, { userAgent });
    await signIn(other.page, cleo.email);
    others.push(other);
  }
  await page.goto('/sessions');
  await page.getByRole('listitem').filter({ hasText: 'This one' }).filter({ hasText: '127.0.0.1' }).waitFor();
  await page.getByRole('heading', { name: 'Firefox on Linux' }).waitFor();
  await page.getByRole('heading', { name: 'curl' }).waitFor();
  await assertAccessible(page);
  await assertFits(page);
  await page.getByRole('button', { name: 'End the session of Firefox on Linux' }).click();
  await assertAccessible(page);
  await page.getByRole('alertdialog').getByRole('button', { name: 'End session' }).click();
  await page.getByRole('heading', { name: 'Firefox on Linux' }).waitFor({ state: 'detached' });
  await others[0].page.goto('/sessions');
  await others[0].page.waitForURL('**/sign-in*');
  await others[1].page.goto('/sessions');
  await others[1].page.getByRole('heading', { name: 'Sessions' }).waitFor();
  await page.getByRole('button', { name: 'End all others' }).click();
  await assertAccessible(page);
  await page.getByRole('alertdialog').getByRole('button', { name: 'End all others' }).click();
  await page.getByRole('heading', { name: 'curl' }).waitFor({ state: 'detached' });
  assert.equal(await page.getByRole('main').getByRole('listitem').count(), 1);
  await others[1].page.goto('/tokens');
  await others[1].page.waitForURL('**/sign-in*');
  assert.deepEqual([...faults, ...others.flatMap((other) => other.faults)], []);
});
