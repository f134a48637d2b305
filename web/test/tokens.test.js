// One's own API tokens: made, shown once, limited, revoked.
// What a token reaches is asked of the API with that token.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, assertFits, assertNowhere, begin, browser, openWindow, PHONE, signIn, vault } from './support.js';

let workspace;
begin([], async () => {
  workspace = await vault.call('/api/workspaces', { method: 'POST', body: { name: 'Platform team' } });
});

test('a token is shown once, reaches as far as was said, and ends when it is revoked', async () => {
  const { page, context, faults } = await openWindow(browser, vault, PHONE);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await signIn(page);
  await page.goto('/tokens');
  await assertAccessible(page);
  await page.getByRole('button', { name: 'New token' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Nightly backup');
  await dialog.getByRole('button', { name: /Expires/ }).click();
  await page.getByRole('option', { name: 'In 30 days' }).click();
  await dialog.getByRole('button', { name: /^(All that I may see )?Workspace/ }).click();
  await page.getByRole('option', { name: 'Platform team' }).click();
  await dialog.getByRole('combobox', { name: 'Only for this provider' }).fill('GitHub');
  await page.keyboard.press('Tab');
  await assertAccessible(page);
  await assertFits(page);
  await dialog.getByRole('button', { name: 'Create token' }).click();
  const token = await dialog.getByText(/^srt_/).textContent();
  await assertAccessible(page);
  await assertFits(page);
  await dialog.getByRole('button', { name: 'Copy the token' }).click();
  await dialog.getByRole('button', { name: 'Copied' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), token);
  // Beside the dialog: what is shown once does not go by a slip.
  await page.mouse.click(5, 5);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await dialog.waitFor({ state: 'detached' });
  await assertNowhere(page, token);

  const [made] = (await vault.call('/api/tokens')).items;
  assert.deepEqual(
    [made.name, made.actions.toSorted(), made.provider, made.workspace_id],
    ['Nightly backup', ['LIST', 'USE'], 'github', workspace.id],
  );
  const days = (Date.parse(made.expires_at) - Date.parse(made.created_at)) / 86_400_000;
  assert.equal(Math.round(days), 30);
  const row = page.getByRole('row', { name: /Nightly backup/ });
  await row.getByText('Only in Platform team, for GitHub').waitFor();
  const ask = () => fetch(`${vault.url}/api/credentials`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await ask()).status, 200);

  await row.getByRole('button', { name: 'Revoke Nightly backup' }).click();
  await assertAccessible(page);
  await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click();
  await row.getByText('Revoked').waitFor();
  assert.equal((await ask()).status, 401);
  assert.deepEqual(faults, []);
});

test('a token is gone from a page that is put aside', async () => {
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  await page.goto('/tokens');
  await page.getByRole('button', { name: 'New token' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Put aside');
  await page.getByRole('dialog').getByRole('button', { name: 'Create token' }).click();
  const token = await page.getByText(/^srt_/).textContent();
  const left = await page.evaluate(() => {
    window.dispatchEvent(new Event('pagehide'));
    return document.documentElement.outerHTML;
  });
  assert.ok(!left.includes(token), 'at once');
  await assertNowhere(page, token);
  assert.deepEqual(faults, []);
});

test('a token without a limit is told to be one, and a token is made by keyboard alone', async () => {
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  await page.goto('/tokens');
  await page.getByRole('button', { name: 'New token' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.getByLabel('Name').focus();
  await page.keyboard.type('Everything');
  for (const action of ['Reveal', 'Manage']) {
    await page.getByRole('checkbox', { name: action }).focus();
    await page.keyboard.press('Space');
  }
  await page.getByText('This token can do all that you can').waitFor();
  await assertAccessible(page);
  await page.getByLabel('Name').focus();
  await page.keyboard.press('Enter');
  const token = await page.getByText(/^srt_/).textContent();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await assertNowhere(page, token);
  await page.locator('button:focus', { hasText: 'New token' }).waitFor();
  const [made] = (await vault.call('/api/tokens')).items;
  assert.equal(made.actions.length, 4);
  assert.deepEqual(faults, []);
});
