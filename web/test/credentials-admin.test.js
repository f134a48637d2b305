// The vault's own secrets, for its administrators, and the same pages refused to others.
// A value must be nowhere in the page once it is hidden.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertAccessible,
  assertFits,
  assertNowhere,
  begin,
  browser,
  openWindow,
  person,
  PHONE,
  signIn,
  vault,
} from './support.js';

begin();

test('the vault’s own secrets are created, revealed, rotated, edited and revoked by administrators', async () => {
  const { page, faults } = await openWindow(browser, vault, PHONE);
  await signIn(page);
  await page.goto('/admin/secrets');
  await page.getByRole('heading', { name: 'No secrets of this vault yet' }).waitFor();
  await assertAccessible(page);
  await assertFits(page);
  await page.getByRole('main').getByRole('link', { name: 'New secret' }).last().click();
  await page.getByRole('combobox', { name: 'Provider' }).fill('Postfix');
  await page.keyboard.press('Escape');
  await page.getByRole('textbox', { name: 'Name' }).fill('Mail relay');
  await page.getByLabel('Value', { exact: true }).fill('relay-secret-0123');
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByText('Vault administrators').waitFor();
  await page.getByText('Nobody else').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Share' }).count(), 0);
  await assertNowhere(page, 'relay-secret-0123');
  await assertAccessible(page);
  await assertFits(page);

  await page.getByRole('button', { name: 'Reveal', exact: true }).click();
  await page.getByRole('button', { name: 'Show the value' }).click();
  assert.equal(await page.getByRole('textbox', { name: 'Value' }).textContent(), 'relay-secret-0123');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Rotate' }).click();
  await page.getByLabel('New value', { exact: true }).fill('relay-secret-4567');
  await page.getByRole('button', { name: 'Rotate', exact: true }).last().click();
  await page.getByText('Version 2').waitFor();
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Relay');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'Relay', level: 1 }).waitFor();
  await page.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('button', { name: 'Revoke', exact: true }).last().click();
  await page.getByText('It is revoked').waitFor();
  await page.getByRole('button', { name: 'Restore', exact: true }).click();
  await page.getByRole('button', { name: 'Reveal', exact: true }).waitFor();
  await page.goto('/admin/secrets');
  await page.getByRole('link', { name: 'Relay' }).waitFor();
  await page.goto('/credentials');
  await page.getByText('Create your first credential').waitFor();
  assert.deepEqual(faults, []);
});

test('for others there is no such page', async () => {
  const bob = await person(vault, 'Bob');
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page, bob.email);
  assert.equal(await page.getByRole('link', { name: 'Admin secrets' }).count(), 0);
  await page.goto('/admin/secrets');
  await page.getByText('it is not yours to see').waitFor();
  assert.deepEqual(faults, []);
});
