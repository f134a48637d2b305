// What becomes of a secret in the clipboard: emptied in time, whatever else is pressed, refused or selected meanwhile.
// The page's clock is set by hand: nothing here may wait for half a minute.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keep } from './credentials.js';
import { begin, browser, openWindow, signIn, vault } from './support.js';

const VALUE = 'ghp_0123456789abcdefghij';
begin(['--reveals-per-minute', '0']);

/** Ada before the dialog in which she may look at a value. */
async function openReveal(name) {
  const { id } = await keep(vault, { name, value: VALUE });
  const opened = await openWindow(browser, vault);
  const { page, context } = opened;
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await signIn(page);
  await page.clock.install();
  await page.goto(`/credentials/${id}`);
  await page.getByText('Nobody else').waitFor();
  await page.getByRole('button', { name: 'Reveal', exact: true }).click();
  return { ...opened, clipboard: () => page.evaluate(() => navigator.clipboard.readText()) };
}

async function copyUnseen(page) {
  await page.getByRole('button', { name: 'Copy without showing' }).click();
  await page.getByRole('dialog').getByText('The value is in the clipboard').waitFor();
}

/** That half a minute takes it out. */
async function assertEmptied({ page, clipboard }) {
  assert.notEqual(await clipboard(), '', 'it is there before');
  await page.clock.fastForward(30_000);
  await page.getByText('The clipboard is empty again').first().waitFor({ state: 'attached' });
  assert.equal(await clipboard(), '');
}

test('a copied value is emptied also where the next copy fails', async () => {
  const opened = await openReveal('copied twice');
  const { page, faults } = opened;
  await copyUnseen(page);
  await page.route('**/value?*', (route) => route.fulfill({ status: 429, headers: { 'retry-after': '60' } }));
  await page.getByRole('button', { name: 'Copy without showing' }).click();
  await page.getByText('That is enough for this minute').waitFor();
  await assertEmptied(opened);
  assert.deepEqual(faults, []);
});

test('a copied value is emptied also where a copy of nothing follows, and stays out of the way of another text', async () => {
  const opened = await openReveal('copied, then nothing');
  const { page, clipboard, faults } = opened;
  await copyUnseen(page);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('Control+c');
  assert.equal(await clipboard(), VALUE);
  await assertEmptied(opened);

  await page.getByRole('button', { name: 'Reveal', exact: true }).click();
  await copyUnseen(page);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('heading', { level: 1 }).selectText();
  await page.keyboard.press('Control+c');
  await page.clock.fastForward(30_000);
  assert.match(await clipboard(), /copied, then nothing/);
  assert.deepEqual(faults, []);
});

test('a value that is copied with all that is around it is copied alone, and emptied', async () => {
  const opened = await openReveal('selected with the page');
  const { page, clipboard, faults } = opened;
  await page.getByRole('button', { name: 'Show the value' }).click();
  await page.getByRole('textbox', { name: 'Value' }).waitFor();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Control+c');
  await page.getByRole('dialog').getByText('The value is in the clipboard').waitFor();
  assert.equal(await clipboard(), VALUE);
  // What does not touch it is copied as ever, and is no secret.
  await page.getByRole('heading', { level: 2, name: /^Reveal/ }).selectText();
  await page.keyboard.press('Control+c');
  await page.getByRole('dialog').getByText('The value is in the clipboard').waitFor({ state: 'detached' });
  assert.equal((await clipboard()).trim(), 'Reveal selected with the page');
  assert.deepEqual(faults, []);
});
