// Names that others chose, and that must not pass for other names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keep, workspace } from './credentials.js';
import { begin, browser, openWindow, signIn, vault } from './support.js';

begin();

const NAME = 'invoice\u202egnp.exe';
const SHOWN = 'invoice\\u202egnp.exe';

test('a name that would be read as another is shown as what it is', async () => {
  const team = await workspace(vault, `Team ${NAME}`);
  const { id } = await keep(vault, { name: NAME, workspace_id: team.id });
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  await page.getByRole('link', { name: SHOWN, exact: true }).waitFor();
  for (const path of [`/credentials`, `/credentials/${id}`, `/workspaces`, `/workspaces/${team.id}`, '/audit']) {
    await page.goto(path);
    await page.getByRole('main').getByText(SHOWN).filter({ visible: true }).first().waitFor();
    const shown = await page.evaluate(() => document.title + document.body.innerText);
    assert.ok(!shown.includes('\u202e'), path);
  }
  await page.goto(`/workspaces/${team.id}`);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('heading', { name: `Delete Team ${SHOWN}?` }).waitFor();
  assert.deepEqual(faults, []);
});
