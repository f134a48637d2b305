// The record, read, filtered and exported in a browser, by those who may.
// Must never expect a row that no test before it caused.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { assertAccessible, assertFits, begin, browser, openWindow, person, PHONE, signIn, vault } from './support.js';

let bob, workspace;
begin([], async () => {
  bob = await person(vault, 'Bob');
  workspace = await vault.call('/api/workspaces', { method: 'POST', body: { name: 'Platform team' } });
  await vault.call(`/api/workspaces/${workspace.id}/members/${bob.user_id}`, { method: 'PUT', body: { role: 'MEMBER' } });
  for (const [name, provider] of [
    ['Deploy key', 'github'],
    ['Uploads', 'aws'],
  ]) {
    const body = { name, provider, type: 'API_KEY', value: 'ghp_example0123456789abcd', scope: 'USER' };
    const { id } = await vault.call('/api/credentials', { method: 'POST', body });
    await vault.call(`/api/credentials/${id}/value`);
  }
  const headers = { 'authorization': `Bearer ${bob.token}`, 'content-type': 'application/json' };
  const denied = { method: 'PATCH', headers, body: JSON.stringify({ name: 'Bobs' }) };
  assert.equal((await fetch(`${vault.url}/api/workspaces/${workspace.id}`, denied)).status, 403);
});

/** The text of a download, whole. */
async function download(page, press) {
  const [file] = await Promise.all([page.waitForEvent('download'), press()]);
  assert.equal(await file.failure(), null);
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), 'utf8') };
}

test('the record is read in words, filtered, and the filter is in the address', async () => {
  const { page, faults } = await openWindow(browser, vault, PHONE);
  await signIn(page);
  await page.goto('/audit');
  await page.locator('.record').getByText('Value revealed').first().waitFor();
  await assertAccessible(page);
  await assertFits(page);
  await page.getByText('Filter', { exact: true }).click();
  await page.getByRole('combobox', { name: 'Provider' }).fill('GitHub');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /Action/ }).click();
  await page.getByRole('option', { name: 'Value revealed' }).click();
  const today = new Date().toISOString().slice(0, 10);
  await page.getByLabel('From', { exact: true }).fill(today);
  await page.getByLabel('To', { exact: true }).fill(today);
  await assertAccessible(page);
  await assertFits(page);
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.waitForURL(`**/audit?provider=github&action=CREDENTIAL_ACCESSED&from=${today}&to=${today}`);
  const rows = page.locator('.record > li');
  await rows.filter({ hasText: 'Uploads' }).first().waitFor({ state: 'detached' });
  assert.equal(await rows.count(), 1);
  await rows.getByText('Deploy key · GitHub').click();
  await rows.getByText('Request', { exact: true }).waitFor();
  await rows.getByText('127.0.0.1').waitFor();
  await assertAccessible(page);
  await assertFits(page);
  await page.getByRole('link', { name: 'All about this credential' }).click();
  await page.locator('.record').getByText('Credential created').waitFor();
  await page.goBack();
  await page.waitForURL('**/audit?provider=github*');
  await page.getByRole('button', { name: 'Show everything' }).click();
  const reading = rows.filter({ hasText: 'Record read' }).filter({ hasText: 'for GitHub, Value revealed, from' }).first();
  await reading.click();
  await reading.getByText('Request', { exact: true }).waitFor();
  assert.equal(await reading.getByText(/^0{8}-/).count(), 0, 'the record has no id');
  await page.locator('.record').getByText('Workspace created').first().waitFor();
  assert.deepEqual(faults, []);
});

test('an owner sees what was denied in his workspace, marked by a word', async () => {
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  await page.goto(`/workspaces/${workspace.id}`);
  await page.getByRole('link', { name: 'Activity' }).click();
  await page.waitForURL(`**/audit?workspace_id=${workspace.id}`);
  const row = page.locator('.record > li').filter({ hasText: 'Workspace renamed' });
  await row.getByText('Denied', { exact: true }).waitFor();
  await row.getByText('Bob').waitFor();
  await row.locator('summary').focus();
  await page.keyboard.press('Enter');
  await row.getByText('Denied because').waitFor();
  await page.getByText('in Platform team').waitFor();
  await assertAccessible(page);
  await page.getByText('Filter', { exact: true }).click();
  await page.getByRole('button', { name: /Person/ }).click();
  await page.getByRole('option', { name: 'Bob' }).click();
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.waitForURL(`**/audit?workspace_id=${workspace.id}&actor_id=${bob.user_id}`);
  await page.locator('.record').getByText('Member added').first().waitFor({ state: 'detached' });
  assert.deepEqual(faults, []);
});

test('a long record comes twenty rows at a time, forth and back', async () => {
  const cleo = await person(vault, 'Cleo');
  for (let number = 0; number < 45; number++)
    await cleo.call('/api/workspaces', { method: 'POST', body: { name: `W${number}.` } });
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page, cleo.email);
  await page.goto('/audit?action=WORKSPACE_CREATED');
  const rows = page.locator('.record > li');
  const showing = (name) => rows.filter({ hasText: name }).waitFor();
  await showing('W44.');
  assert.equal(await rows.count(), 20);
  assert.ok(await page.getByRole('button', { name: 'Newer' }).isDisabled());
  await page.getByRole('button', { name: 'Older' }).click();
  await showing('W24.');
  await page.getByRole('button', { name: 'Older' }).click();
  await showing('W0.');
  assert.equal(await rows.count(), 5);
  assert.ok(await page.getByRole('button', { name: 'Older' }).isDisabled());
  await page.getByRole('button', { name: 'Newer' }).click();
  await showing('W24.');
  await page.getByRole('button', { name: 'Newer' }).click();
  await showing('W44.');
  await page.goBack();
  await showing('W24.');
  await assertAccessible(page);
  assert.deepEqual(faults, []);
});

test('the record is exported as it is filtered, with the cookie of the session', async () => {
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  await page.goto('/audit?provider=aws&action=CREDENTIAL_ACCESSED');
  await page.getByText('Uploads').waitFor();
  const csv = await download(page, () => page.getByRole('link', { name: 'CSV' }).click());
  assert.equal(csv.name, 'record.csv');
  const [headings, ...lines] = csv.text.trim().split('\r\n');
  assert.match(headings, /^id,occurred_at,action/);
  assert.equal(lines.length, 1);
  assert.match(lines[0], /CREDENTIAL_ACCESSED.*Uploads/);
  const jsonl = await download(page, () => page.getByRole('link', { name: 'JSON Lines' }).click());
  assert.equal(JSON.parse(jsonl.text).name, 'Uploads');
  assert.deepEqual(faults, []);
});

test('administrators see how far the record is sealed, and take the checkpoint with them', async () => {
  const { page, faults } = await openWindow(browser, vault, PHONE);
  await signIn(page);
  await page.goto('/admin/audit');
  await page.locator('.record').getByText('Person invited').first().waitFor();
  await page.getByText(/Sealed up to .* rows/).waitFor();
  await assertAccessible(page);
  await assertFits(page);
  const { name, text } = await download(page, () => page.getByRole('button', { name: 'Download the checkpoint' }).click());
  assert.match(name, /^strongroom-checkpoint-[0-9]+\.txt$/);
  assert.match(text, /^strongroom\/[0-9a-f]{16}\n[0-9]+\n[\s\S]*\n\n— strongroom\//);
  const csv = await download(page, () => page.getByRole('link', { name: 'CSV' }).click());
  assert.match(csv.text, /INVITATION_CREATED/);
  assert.deepEqual(faults, []);
});
