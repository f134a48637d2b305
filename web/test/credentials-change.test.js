// Creating, editing, rotating and revoking a credential, by mouse, by keyboard and on a phone.
// What is stored is asked of the API, never of the page that has just shown it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inDays, keep, tabTo, workspace } from './credentials.js';
import { assertAccessible, assertFits, assertNowhere, begin, openAt, PHONE, vault } from './support.js';

begin(['--reveals-per-minute', '0']);

/** What the API says of the credential whose page is open. */
async function kept(page) {
  const id = new URL(page.url()).pathname.split('/')[2];
  const { value } = await vault.call(`/api/credentials/${id}/value`);
  return { ...(await vault.call(`/api/credentials/${id}`)), value };
}

/** Waits for the page of that credential. */
async function detailOf(page, name) {
  await page.getByRole('heading', { name, level: 1 }).waitFor();
  await page.getByText('Nobody else').waitFor();
}

test('a credential is kept with all that is known of it', async () => {
  const team = await workspace(vault, 'Release crew');
  const { page, faults } = await openAt('/credentials/new');
  await page.getByRole('combobox', { name: 'Provider' }).fill('gith');
  await page.getByRole('option', { name: 'GitHub' }).click();
  await page.getByRole('link', { name: /Create one at GitHub/ }).waitFor();
  await page.getByRole('textbox', { name: 'Name' }).fill('Deploy key');
  const value = page.getByLabel('Value', { exact: true });
  await value.fill('glpat-wrong');
  await page.getByText('This does not look like one').waitFor();
  assert.equal(await value.getAttribute('type'), 'password');
  await assertAccessible(page);
  await value.fill('ghp_deploy0123456789');
  await page.getByText('This does not look like one').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: /^Myself For|For$/ }).click();
  await page.getByRole('option', { name: 'Release crew' }).click();
  await page.getByLabel('Description').fill('Pushes releases.');
  await page.getByLabel('Expires', { exact: true }).fill('2031-05-04');
  await page.getByRole('textbox', { name: 'Tags' }).fill('ci');
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'Tags' }).fill('release');
  await page.getByRole('button', { name: 'Add tag' }).click();
  await page.getByRole('button', { name: 'Add a field' }).click();
  await page.getByRole('textbox', { name: 'Key 1' }).fill('account');
  await page.getByRole('textbox', { name: 'Text 1' }).fill('acme-bot');
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await detailOf(page, 'Deploy key');
  await assertNowhere(page, 'ghp_deploy0123456789');
  await assertAccessible(page);
  const { name, provider, type, workspace_id, description, tags, expires_at, metadata, value: sealed } = await kept(page);
  assert.deepEqual(
    { name, provider, type, workspace_id, description, tags, expires_at, metadata, sealed },
    {
      name: 'Deploy key',
      provider: 'github',
      type: 'ACCESS_TOKEN',
      workspace_id: team.id,
      description: 'Pushes releases.',
      tags: ['ci', 'release'],
      expires_at: '2031-05-04T23:59:59Z',
      metadata: { account: 'acme-bot' },
      sealed: 'ghp_deploy0123456789',
    },
  );
  await page.goBack();
  await assertNowhere(page, 'ghp_deploy0123456789');
  assert.deepEqual(faults, []);
});

test('a key of several lines is pasted whole, and masked', async () => {
  const pem = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIFAKE\n-----END PRIVATE KEY-----\n';
  const { page, context, faults } = await openAt('/credentials/new');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('combobox', { name: 'Provider' }).fill('Our own CA');
  await page.keyboard.press('Escape');
  await page.getByRole('textbox', { name: 'Name' }).fill('Signing key');
  await page.evaluate((pem) => navigator.clipboard.writeText(pem), pem);
  await page.getByLabel('Value', { exact: true }).focus();
  await page.keyboard.press('Control+v');
  const value = page.getByLabel('Value', { exact: true });
  assert.equal(await value.inputValue(), pem);
  const isMasked = () => value.evaluate((input) => getComputedStyle(input).webkitTextSecurity);
  assert.equal(await isMasked(), 'disc');
  await assertAccessible(page);
  await page.getByRole('checkbox', { name: 'Show what I type' }).check({ force: true });
  assert.equal(await isMasked(), 'none');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await detailOf(page, 'Signing key');
  const { provider, value: sealed } = await kept(page);
  assert.deepEqual([provider, sealed], ['Our own CA', pem]);
  await page.getByRole('button', { name: 'Reveal', exact: true }).click();
  await page.getByRole('button', { name: 'Show the value' }).click();
  assert.equal(await page.getByRole('textbox', { name: 'Value' }).textContent(), pem);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await assertNowhere(page, 'MC4CAQAwBQYDK2VwBCIEIFAKE');
  assert.deepEqual(faults, []);
});

test('a credential is kept without a mouse, on a phone', async () => {
  const { page, faults } = await openAt('/credentials/new', PHONE);
  await tabTo(page, page.getByRole('combobox', { name: 'Provider' }));
  await page.keyboard.type('OpenA');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('textbox', { name: 'Name' }));
  await page.keyboard.type('Assistant');
  await tabTo(page, page.getByLabel('Value', { exact: true }));
  await page.keyboard.type('sk-proj-0123456789');
  await assertFits(page);
  await tabTo(page, page.getByRole('button', { name: 'Create', exact: true }));
  await page.keyboard.press('Enter');
  await detailOf(page, 'Assistant');
  await assertFits(page);
  assert.equal((await kept(page)).provider, 'openai');
  assert.deepEqual(faults, []);
});

test('a name that is taken is told, and the value waits to be sent again', async () => {
  await keep(vault, { name: 'Taken' });
  const { page, faults } = await openAt('/credentials/new');
  await page.getByRole('combobox', { name: 'Provider' }).fill('github');
  await page.keyboard.press('Escape');
  await page.getByRole('textbox', { name: 'Name' }).fill('Taken');
  await page.getByLabel('Value', { exact: true }).fill('ghp_second0123456789');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByRole('alert').waitFor();
  await assertAccessible(page);
  await page.getByRole('textbox', { name: 'Name' }).fill('Not taken');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await detailOf(page, 'Not taken');
  assert.equal((await kept(page)).value, 'ghp_second0123456789');
  assert.deepEqual(faults, []);
});

test('what is known is edited; what somebody else changed meanwhile is not overwritten', async () => {
  const { id } = await keep(vault, { name: 'Edited', tags: ['old'], metadata: { level: 3 }, expires_at: inDays(5) });
  const before = await vault.call(`/api/credentials/${id}`);
  const { page, faults } = await openAt(`/credentials/${id}`);
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByRole('heading', { name: 'Edit Edited' }).waitFor();
  await assertAccessible(page);
  // What text and pairs cannot say is JSON.
  await page.getByLabel('JSON object').fill('{ "level": ');
  await page.getByText('This is no JSON object yet').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Save' }).isDisabled());
  await page.getByLabel('JSON object').fill('{ "level": 4 }');
  await page.getByLabel('Description').fill('Mine.');
  await page.getByRole('button', { name: /Remove/ }).first().click();
  await vault.call(`/api/credentials/${id}`, { method: 'PATCH', body: { description: 'Theirs.' } });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('It has been changed since you opened it').waitFor();
  await assertAccessible(page);
  assert.equal((await vault.call(`/api/credentials/${id}`)).description, 'Theirs.');
  await page.getByRole('button', { name: 'Start again' }).click();
  await page.waitForFunction(() => document.querySelector('textarea')?.value === 'Theirs.');
  await page.getByLabel('Description').fill('Both.');
  await page.getByRole('button', { name: 'Save' }).click();
  await detailOf(page, 'Edited');
  await page.getByText('Both.').waitFor();
  const { description, tags, metadata, expires_at } = await vault.call(`/api/credentials/${id}`);
  assert.deepEqual([description, tags, metadata, expires_at], ['Both.', ['old'], { level: 3 }, before.expires_at]);
  assert.deepEqual(faults, []);
});

test('editing begins from what is known by then, and nothing that is typed is overwritten', async () => {
  const { id } = await keep(vault, { name: 'Edited by two', description: 'Old.' });
  const { page, faults } = await openAt(`/credentials/${id}`);
  await page.getByText('Old.').waitFor();
  const set = (description) => vault.call(`/api/credentials/${id}`, { method: 'PATCH', body: { description } });
  await set('Theirs.');
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Description').waitFor();
  assert.equal(await page.getByLabel('Description').inputValue(), 'Theirs.');
  await page.getByLabel('Description').fill('Being typed.');
  await set('Theirs again.');
  await page.clock.setFixedTime(Date.now() + 10_000);
  const read = page.waitForResponse(`**/api/credentials/${id}`);
  await page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')));
  await (await read).finished();
  assert.equal(await page.getByLabel('Description').inputValue(), 'Being typed.');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('It has been changed since you opened it').waitFor();
  assert.deepEqual(faults, []);
});

test('rotating keeps the former value, which answers in its grace and comes back', async () => {
  const { id } = await keep(vault, { name: 'Rotated', value: 'ghp_first0123456789' });
  const { page, faults } = await openAt(`/credentials/${id}`);
  await page.getByRole('button', { name: 'Rotate' }).click();
  await page.getByRole('dialog').waitFor();
  await assertAccessible(page);
  await page.getByLabel('New value', { exact: true }).fill('ghp_next0123456780');
  await page.getByRole('button', { name: /keeps working/ }).click();
  await page.getByRole('option', { name: 'For a day' }).click();
  await page.getByRole('button', { name: 'Rotate', exact: true }).last().click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByText('Still works').waitFor();
  await assertNowhere(page, 'ghp_next0123456780');
  await assertAccessible(page);
  assert.equal((await vault.call(`/api/credentials/${id}/value`)).value, 'ghp_next0123456780');

  await page.getByRole('button', { name: 'Reveal version 1' }).click();
  await page.getByRole('button', { name: 'Show the value' }).click();
  assert.equal(await page.getByRole('textbox', { name: 'Value' }).textContent(), 'ghp_first0123456789');
  await page.keyboard.press('Escape');
  await assertNowhere(page, 'ghp_first0123456789');

  await page.getByRole('button', { name: 'Restore version 1' }).click();
  await page.getByRole('alertdialog').waitFor();
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Restore', exact: true }).click();
  await page.getByRole('alertdialog').waitFor({ state: 'detached' });
  assert.equal((await vault.call(`/api/credentials/${id}/value`)).value, 'ghp_first0123456789');
  assert.deepEqual(faults, []);
});

test('revoking is confirmed first, and undone', async () => {
  const { id } = await keep(vault, { name: 'Revocable' });
  const { page, faults } = await openAt(`/credentials/${id}`, PHONE);
  await page.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('alertdialog').waitFor();
  await assertAccessible(page);
  await assertFits(page);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('button', { name: 'Revoke', exact: true }).last().click();
  await page.locator(':focus').filter({ hasText: 'It is revoked' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Reveal', exact: true }).count(), 0);
  await assertAccessible(page);
  await assertFits(page);
  assert.equal((await vault.call(`/api/credentials/${id}`)).is_active, false);
  await page.getByRole('button', { name: 'Restore' }).click();
  await page.getByRole('button', { name: 'Reveal', exact: true }).waitFor();
  assert.equal((await vault.call(`/api/credentials/${id}`)).is_active, true);
  assert.deepEqual(faults, []);
});
