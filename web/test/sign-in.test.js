// Signing in and out with a password, and what the pages may run and keep.
// Signing in must never lead to another site.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, begin, browser, openWindow, PASSWORD, person, signIn, vault } from './support.js';

begin();

test('whoever signs in comes to where he wanted to go, and out again', async () => {
  const { page, faults } = await openWindow(browser, vault);
  await page.goto('/workspaces');
  await page.waitForURL('**/sign-in?next=%2Fworkspaces');
  await assertAccessible(page);
  await page.getByLabel('E-mail').fill('ada@example.org');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/workspaces');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in*');
  assert.deepEqual(faults, []);
});

test('a wrong password is told, and does not stay in the page', async () => {
  const { page, faults } = await openWindow(browser, vault);
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').fill('ada@example.org');
  await page.getByLabel('Password').fill('not what she knows');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  assert.equal(await page.getByLabel('Password').inputValue(), '');
  await assertAccessible(page);
  assert.deepEqual(faults, []);
});

test('signing in leads to no other site', async () => {
  const { page, faults } = await openWindow(browser, vault);
  for (const next of ['//evil.example/x', '/\\evil.example', 'https://evil.example', '/\t/evil.example', '/.//evil.example', '/..//evil.example']) {
    await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
    await page.getByLabel('E-mail').fill('ada@example.org');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${vault.url}/**`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL('**/sign-in*');
  }
  assert.deepEqual(faults, []);
});

test('when somebody else signs in, in another tab, nothing of the former stays in this one', async () => {
  const bob = await person(vault, 'Bob');
  await vault.call('/api/workspaces', { method: 'POST', body: { name: 'Only of Ada' } });
  const { page, context, faults } = await openWindow(browser, vault);
  await signIn(page);
  await page.goto('/workspaces');
  await page.getByText('Only of Ada').first().waitFor();
  const other = await context.newPage();
  await other.goto('/workspaces');
  await other.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in*');
  await page.goto('/settings');
  await signIn(other);
  await page.goto('/workspaces');
  await page.getByText('Only of Ada').first().waitFor();

  // Without signing out before.
  await other.goto('/sign-in');
  await signIn(other, bob.email);
  await page.getByText(bob.email).waitFor();
  assert.equal(await page.getByText('Only of Ada').count(), 0);
  assert.deepEqual(faults, []);
});

test('the pages run nothing but their own files, and keep no secret', async () => {
  const { page, context, faults } = await openWindow(browser, vault);
  const answer = await page.goto('/sign-in');
  const policy = answer.headers()['content-security-policy'];
  assert.match(policy, /^default-src 'none'; script-src 'self';/);
  assert.doesNotMatch(policy, /unsafe-/);
  await signIn(page);
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  assert.equal(kept, '[{},{},""]');
  const [cookie] = await context.cookies();
  assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite], ['strongroom_session', true, 'Lax']);
  assert.deepEqual(faults, []);
});
