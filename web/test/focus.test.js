// Where the focus is once what had it is gone: never lost, for whoever works by keyboard.
// Everything in here is pressed by key; what is gone must be waited for before the focus is looked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keep, workspace } from './credentials.js';
import { begin, browser, openAt, openWindow, person, signIn, vault } from './support.js';

let bob;
begin([], async () => {
  bob = await person(vault, 'Bob');
});

async function press(locator) {
  await locator.focus();
  await locator.press('Enter');
}

/** Presses it, and what its dialog asks to be pressed. */
async function pressAndConfirm(page, name, act) {
  await press(page.getByRole('button', { name, exact: true }));
  await press(page.getByRole('alertdialog').getByRole('button', { name: act, exact: true }));
  await page.getByRole('button', { name, exact: true }).waitFor({ state: 'detached' });
}

function focused(page, name) {
  return page.getByRole('heading', { name }).and(page.locator(':focus')).waitFor();
}

test('whoever stops sharing goes on where he was', async () => {
  const { id } = await keep(vault, { name: 'Shared for a while' });
  const team = await workspace(vault, 'Team of Bob', [[bob, 'MEMBER']]);
  await vault.call(`/api/credentials/${id}/grants`, { method: 'POST', body: { user_id: bob.user_id, permissions: ['USE'] } });
  const { page, faults } = await openAt(`/credentials/${id}`);
  await pressAndConfirm(page, 'Stop sharing with Bob', 'Stop sharing');
  await focused(page, 'Who can see this');

  await page.goto(`/workspaces/${team.id}`);
  await pressAndConfirm(page, 'Remove Bob', 'Remove');
  await focused(page, 'Members');
  assert.deepEqual(faults, []);
});

test('whoever revokes a token or ends a session goes on where he was', async () => {
  const { page, faults } = await openAt('/tokens', {}, bob.email);
  const token = { name: 'Nightly', expires_in_days: 7, actions: ['LIST'] };
  await bob.call('/api/tokens', { method: 'POST', body: token });
  await page.reload();
  await pressAndConfirm(page, 'Revoke Nightly', 'Revoke');
  await focused(page, 'API tokens');

  const other = await openWindow(browser, vault, { userAgent: 'curl/8.14.1' });
  await signIn(other.page, bob.email);
  await page.goto('/sessions');
  await pressAndConfirm(page, 'End the session of curl', 'End session');
  await focused(page, 'Sessions');
  assert.deepEqual(faults, []);
});

test('whoever restores what was revoked, or a former version, goes on where he was', async () => {
  const { id } = await keep(vault, { name: 'Coming back', value: 'ghp_first0123456789' });
  await vault.call(`/api/credentials/${id}`, { method: 'DELETE' });
  const { page, faults } = await openAt(`/credentials/${id}`);
  await press(page.getByRole('button', { name: 'Restore' }));
  await page.getByRole('button', { name: 'Reveal', exact: true }).waitFor();
  await focused(page, 'Coming back');

  await vault.call(`/api/credentials/${id}/rotate`, { method: 'POST', body: { value: 'ghp_next0123456780' } });
  await page.reload();
  await press(page.getByRole('button', { name: 'Restore version 1' }));
  await press(page.getByRole('alertdialog').getByRole('button', { name: 'Restore' }));
  await page.getByText('Version 3').waitFor();
  await page.locator('section button:focus').waitFor();
  assert.deepEqual(faults, []);
});

test('whoever clears the filters of a list goes on at its heading', async () => {
  const { page, faults } = await openAt('/credentials?text=nothing+of+that+name');
  await press(page.getByRole('button', { name: 'Clear the filters' }));
  await page.getByRole('heading', { name: 'Nothing matches' }).waitFor({ state: 'detached' });
  await focused(page, 'Credentials');
  assert.deepEqual(faults, []);
});

test('the last of more of a list leads to the first of what it brought', async () => {
  const cleo = await person(vault, 'Cleo');
  for (let number = 1; number <= 23; number += 1) {
    const body = { name: `Number ${number}.`, provider: 'npm', type: 'ACCESS_TOKEN', value: 'npm_0123456789' };
    await cleo.call('/api/credentials', { method: 'POST', body });
  }
  const { page, faults } = await openAt('/credentials', {}, cleo.email);
  await press(page.getByRole('button', { name: 'Show more' }));
  await page.getByRole('button', { name: 'Show more' }).waitFor({ state: 'detached' });
  await page.locator('li:focus').filter({ hasText: 'Number 3.' }).waitFor();
  await page.keyboard.press('Tab');
  await page.locator('a:focus').filter({ hasText: 'Number 3.' }).waitFor();
  assert.deepEqual(faults, []);
});

test('a field that is taken out leads to the next one, or to their heading', async () => {
  const { id } = await keep(vault, { name: 'Of many fields', metadata: { one: '1', two: '2' } });
  const { page, faults } = await openAt(`/credentials/${id}/edit`);
  await press(page.getByRole('button', { name: 'Remove field 1' }));
  await page.getByRole('button', { name: 'Remove field 2' }).waitFor({ state: 'detached' });
  assert.equal(await page.getByRole('textbox', { name: 'Key 1' }).inputValue(), 'two');
  await page.getByRole('button', { name: 'Remove field 1' }).and(page.locator(':focus')).waitFor();
  await page.keyboard.press('Enter');
  await page.locator('legend:focus').filter({ hasText: 'More fields' }).waitFor();
  assert.deepEqual(faults, []);
});

test('a filter of the record stays open as it is applied, and what is shown is gone back from', async () => {
  const { page, faults } = await openAt('/audit');
  await page.getByText('Filter', { exact: true }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Nightly');
  await press(page.getByRole('button', { name: 'Apply' }));
  await page.getByText('named Nightly').waitFor();
  await page.getByRole('button', { name: 'Apply' }).and(page.locator(':focus')).waitFor();
  await press(page.getByRole('button', { name: 'Show everything' }));
  await page.getByRole('button', { name: 'Show everything' }).waitFor({ state: 'detached' });
  await focused(page, 'Audit record');
  assert.equal(await page.getByRole('textbox', { name: 'Name' }).inputValue(), '');
  assert.deepEqual(faults, []);
});

test('older rows of the record are read from their beginning', async () => {
  const dan = await person(vault, 'Dan');
  for (let number = 0; number < 25; number += 1)
    await dan.call('/api/workspaces', { method: 'POST', body: { name: `W${number}.` } });
  const { page, faults } = await openAt('/audit?action=WORKSPACE_CREATED', {}, dan.email);
  await press(page.getByRole('button', { name: 'Older' }));
  const rows = page.getByRole('region', { name: 'Rows' });
  await rows.getByText('W0.').waitFor();
  await rows.and(page.locator(':focus')).waitFor();
  await page.keyboard.press('Tab');
  await page.locator('summary:focus').filter({ hasText: 'W4.' }).waitFor();
  assert.deepEqual(faults, []);
});

test('what goes away of itself takes no focus from whoever has left it', async () => {
  const { id } = await keep(vault, { name: 'Looked at' });
  await vault.call(`/api/credentials/${id}`, { method: 'DELETE' });
  const { page, faults } = await openAt(`/credentials/${id}`);
  await page.getByRole('button', { name: 'Restore' }).focus();
  await page.getByText('Nobody else').click();
  await vault.call(`/api/credentials/${id}/restore`, { method: 'POST' });
  // What was read is old by now, and is read anew as the window is come back to.
  await page.clock.setFixedTime(Date.now() + 10_000);
  await page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')));
  await page.getByRole('button', { name: 'Restore' }).waitFor({ state: 'detached' });
  await page.locator('main:focus').waitFor();
  assert.deepEqual(faults, []);
});
