// What forms do with what people press, paste and type: once, where the caret is, and without a step that is lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keep } from './credentials.js';
import { begin, openAt, vault } from './support.js';

begin();

/** The form of a new credential, with all in it that it needs. */
async function openNew(name) {
  const opened = await openAt('/credentials/new');
  const { page, context } = opened;
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('combobox', { name: 'Provider' }).fill('github');
  await page.keyboard.press('Escape');
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByLabel('Value', { exact: true }).fill('ghp_0123456789');
  return { ...opened, create: page.getByRole('button', { name: 'Create', exact: true }) };
}

async function paste(page, field, text) {
  await page.evaluate((text) => navigator.clipboard.writeText(text), text);
  await field.focus();
  await page.keyboard.press('Control+v');
}

async function only(name) {
  const { items } = await vault.call(`/api/credentials?text=${encodeURIComponent(name)}`);
  assert.equal(items.length, 1);
  return items[0];
}

test('a form that is sent twice at once is sent once', async () => {
  const { page, faults } = await openAt('/workspaces');
  await page.getByRole('button', { name: 'New workspace' }).click();
  await page.getByLabel('Name').fill('Only one');
  await page.getByRole('dialog').locator('form').evaluate((form) => {
    form.requestSubmit();
    form.requestSubmit();
  });
  await page.getByRole('heading', { name: 'Only one', level: 1 }).waitFor();
  const { items } = await vault.call('/api/workspaces');
  assert.equal(items.filter(({ name }) => name === 'Only one').length, 1);
  assert.deepEqual(faults, []);
});

test('a form that was refused can be sent again', async () => {
  const { page } = await openAt('/workspaces');
  await page.getByRole('button', { name: 'New workspace' }).click();
  await page.getByLabel('Name').fill('At the second go');
  await page.route('**/api/workspaces', (route) => route.fulfill({ status: 503 }), { times: 1 });
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'At the second go', level: 1 }).waitFor();
});

test('several lines that are pasted take the place of what is selected, and the caret is behind them', async () => {
  const { page, faults } = await openNew('Pasted over');
  const value = page.getByLabel('Value', { exact: true });
  await value.fill('before-OLD-after');
  await value.evaluate((input) => input.setSelectionRange(7, 10));
  await paste(page, value, 'one\ntwo');
  assert.equal(await value.inputValue(), 'before-one\ntwo-after');
  await page.keyboard.type('!');
  assert.equal(await value.inputValue(), 'before-one\ntwo!-after');
  assert.deepEqual(faults, []);
});

test('a year of five digits is told, and the form stays', async () => {
  const { page, faults, create } = await openNew('Far away');
  const expires = page.getByLabel('Expires', { exact: true });
  await expires.fill('12026-01-31');
  await create.click();
  await page.getByText('A year has four digits').waitFor();
  await expires.fill('2031-01-31');
  await create.click();
  await page.getByRole('heading', { name: 'Far away', level: 1 }).waitFor();
  assert.equal((await only('Far away')).expires_at, '2031-01-31T23:59:59Z');
  assert.deepEqual(faults, []);
});

test('a tag that was only typed is kept by the first press on Create', async () => {
  const { page, faults, create } = await openNew('Tagged');
  await page.getByRole('textbox', { name: 'Tags' }).pressSequentially('ci');
  // As a person presses: the button where it is before the field loses the focus.
  const { x, y, width, height } = await create.boundingBox();
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down();
  await page.waitForTimeout(100);
  await page.mouse.up();
  await page.getByRole('heading', { name: 'Tagged', level: 1 }).waitFor();
  assert.deepEqual((await only('Tagged')).tags, ['ci']);
  assert.deepEqual(faults, []);
});

test('a tag that was typed and taken back is not kept, and one that was only typed can be saved', async () => {
  const { id } = await keep(vault, { name: 'Retagged', tags: ['old'] });
  const { page, faults } = await openAt(`/credentials/${id}/edit`);
  const tags = page.getByRole('textbox', { name: 'Tags' });
  const save = page.getByRole('button', { name: 'Save' });
  await tags.fill('new');
  await tags.fill('');
  assert.ok(await save.isDisabled());
  await tags.fill('newer');
  await save.click();
  await page.getByRole('heading', { name: 'Retagged', level: 1, exact: true }).waitFor();
  assert.deepEqual((await only('Retagged')).tags, ['old', 'newer']);
  assert.deepEqual(faults, []);
});

test('a list of tags is pasted whole, and what is no tag is told', async () => {
  const { page, faults, create } = await openNew('Pasted tags');
  const long = 'x'.repeat(51);
  const tags = ['production', 'payments', 'europe-west', 'rotated-monthly', 'team-platform', 'pci-scope'];
  await paste(page, page.getByRole('textbox', { name: 'Tags' }), `${tags.join(', ')}\n${long}`);
  await page.getByText(`Not added: ${long}`).waitFor();
  await create.click();
  await page.getByRole('heading', { name: 'Pasted tags', level: 1 }).waitFor();
  assert.deepEqual((await only('Pasted tags')).tags, tags);
  assert.deepEqual(faults, []);
});
