// What pages look like where a reader or a name is unlike others: with the reader's own colours, and with names that have no end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keep, workspace } from './credentials.js';
import { assertFits, begin, browser, openWindow, person, signIn, vault } from './support.js';

begin();

/** As long as a name may be, with nowhere to break it. */
const ENDLESS = 'W'.repeat(255);

test('what is chosen is told from what is not with the colours of the reader', async () => {
  const { page, faults } = await openWindow(browser, vault, { forcedColors: 'active' });
  await signIn(page);
  const chip = page.getByRole('button', { name: 'Revoked' });
  const background = () => chip.evaluate((chip) => getComputedStyle(chip).backgroundColor);
  const before = await background();
  await chip.click();
  await page.locator('.chip[data-selected]').waitFor();
  assert.notEqual(await background(), before);
  const [cards, table] = await page.locator('.segment').evaluateAll((found) => found.map((one) => getComputedStyle(one).backgroundColor));
  assert.notEqual(cards, table);

  await page.goto('/credentials/new');
  const tick = page.locator('.checkbox').filter({ hasText: 'Several lines' }).locator('svg');
  const isSeen = () => tick.evaluate((tick) => getComputedStyle(tick).visibility);
  assert.equal(await isSeen(), 'hidden');
  await page.getByText('Several lines').click();
  await page.locator('.checkbox[data-selected]').waitFor();
  assert.equal(await isSeen(), 'visible');
  assert.deepEqual(faults, []);
});

/** That a dialog is on the screen, at its left and at its right. */
async function assertDialogFits(page) {
  const dialog = page.getByRole('dialog').or(page.getByRole('alertdialog'));
  const { x, width } = await dialog.boundingBox();
  assert.ok(x >= 0 && x + width <= page.viewportSize().width, `${page.url()}: from ${x}, ${width} wide`);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
}

test('a name without end widens no page and no dialog', async () => {
  const bob = await person(vault, 'b'.repeat(60));
  const team = await workspace(vault, ENDLESS, [[bob, 'MEMBER']]);
  const { id } = await keep(vault, { name: ENDLESS, workspace_id: team.id, tags: ['t'.repeat(50)] });
  await vault.call('/api/tokens', { method: 'POST', body: { name: ENDLESS, expires_in_days: 3, actions: ['LIST'] } });
  for (const width of [1280, 375]) {
    const { page, faults } = await openWindow(browser, vault, { viewport: { width, height: 800 } });
    await signIn(page);
    const at = async (path, there) => {
      await page.goto(path);
      await there.waitFor();
      await assertFits(page);
    };
    await at('/credentials', page.getByRole('link', { name: ENDLESS }));
    await at(`/credentials/${id}/edit`, page.getByRole('button', { name: 'Save' }));
    await at(`/credentials/${id}`, page.getByText('Nobody else'));
    for (const act of ['Reveal', 'Revoke', 'Share']) {
      await page.getByRole('button', { name: act, exact: true }).click();
      await assertDialogFits(page);
    }
    await at('/workspaces', page.getByRole('link', { name: ENDLESS }));
    await at(`/workspaces/${team.id}`, page.getByRole('row', { name: /b{60}/ }));
    await page.getByRole('button', { name: 'Delete' }).click();
    await assertDialogFits(page);
    await at('/tokens', page.getByRole('row', { name: ENDLESS }));
    await page.getByRole('button', { name: `Revoke ${ENDLESS}` }).click();
    await assertDialogFits(page);
    await page.goto(`/audit?workspace_id=${team.id}`);
    await page.getByText('Showing only:').waitFor();
    await page.getByText('Filter', { exact: true }).click();
    await assertFits(page);
    assert.deepEqual(faults, []);
    await page.context().close();
  }
});
