// Who can see a credential, in words, and sharing it.
// What somebody must not see is looked for in his own window, and not in the owner's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keep, workspace } from './credentials.js';
import { assertAccessible, assertFits, begin, browser, openWindow, person, PHONE, signIn, vault } from './support.js';

let bob, cleo, dan, team;
begin([], async () => {
  [bob, cleo, dan] = [await person(vault, 'Bob'), await person(vault, 'Cleo'), await person(vault, 'Dan')];
  team = await workspace(vault, 'Platform', [
    [bob, 'MEMBER'],
    [cleo, 'ADMIN'],
  ]);
});

async function openAs(somebody, path, options) {
  const opened = await openWindow(browser, vault, options);
  await signIn(opened.page, somebody?.email);
  await opened.page.goto(path);
  return opened;
}

function access(page) {
  return page.getByRole('region', { name: 'Who can see this' });
}

test('one’s own is one’s own, until it is shared; a grant shows it to another, changes and ends', async () => {
  const { id } = await keep(vault, { name: 'Shared key', value: 'ghp_shared0123456789' });
  const ada = await openAs(undefined, `/credentials/${id}`);
  await access(ada.page).getByText('Nobody else').waitFor();
  await access(ada.page).getByText('You', { exact: true }).waitFor();

  const bobs = await openAs(bob, `/credentials/${id}`, PHONE);
  await bobs.page.getByText('it is not yours to see').waitFor();
  await assertAccessible(bobs.page);
  await assertFits(bobs.page);

  await ada.page.getByRole('button', { name: 'Share' }).click();
  await ada.page.getByRole('dialog').waitFor();
  await assertAccessible(ada.page);
  await ada.page.getByRole('combobox', { name: 'With' }).fill('Bo');
  await ada.page.getByRole('option', { name: /Bob/ }).click();
  await ada.page.getByRole('checkbox', { name: /Reveal/ }).check({ force: true });
  await ada.page.getByLabel('Until', { exact: true }).fill('2031-05-04');
  await ada.page.getByRole('button', { name: 'Share', exact: true }).last().click();
  await access(ada.page).getByText(/may use and reveal it; until May 4, 2031/).waitFor();
  await assertAccessible(ada.page);

  await bobs.page.reload();
  await bobs.page.getByRole('heading', { name: 'Shared key', level: 1 }).waitFor();
  await bobs.page.getByText('Shared with you').waitFor();
  await access(bobs.page).getByText('Ada', { exact: true }).waitFor();
  await access(bobs.page).getByText('Perhaps others').waitFor();
  await assertAccessible(bobs.page);
  await assertFits(bobs.page);
  assert.equal(await bobs.page.getByRole('button', { name: 'Rotate' }).count(), 0);
  assert.equal(await bobs.page.getByRole('button', { name: 'Share' }).count(), 0);
  await bobs.page.getByRole('button', { name: 'Reveal', exact: true }).click();
  await bobs.page.getByRole('button', { name: 'Show the value' }).click();
  assert.equal(await bobs.page.getByRole('textbox', { name: 'Value' }).textContent(), 'ghp_shared0123456789');

  await ada.page.getByRole('button', { name: 'Change what Bob may do' }).click();
  await ada.page.getByRole('dialog').waitFor();
  await assertAccessible(ada.page);
  await ada.page.getByRole('checkbox', { name: /Reveal/ }).uncheck({ force: true });
  await ada.page.getByRole('button', { name: 'Save' }).click();
  await access(ada.page).getByText(/may use it; until May 4, 2031/).waitFor();
  await bobs.page.reload();
  await bobs.page.getByText('You cannot reveal this value').waitFor();
  assert.equal(await bobs.page.getByRole('button', { name: 'Reveal', exact: true }).count(), 0);

  await ada.page.getByRole('button', { name: 'Stop sharing with Bob' }).click();
  await ada.page.getByRole('alertdialog').waitFor();
  await assertAccessible(ada.page);
  await ada.page.getByRole('button', { name: 'Stop sharing', exact: true }).last().click();
  await access(ada.page).getByText('Bob').waitFor({ state: 'detached' });
  await bobs.page.reload();
  await bobs.page.getByText('it is not yours to see').waitFor();
  assert.deepEqual([...ada.faults, ...bobs.faults], []);
});

test('of a workspace’s credential it is told by name who sees it, and it is shared with a service account and a workspace', async () => {
  const accounts = `/api/workspaces/${team.id}/service-accounts`;
  await vault.call(accounts, { method: 'POST', body: { name: 'Deployer' } });
  const { id } = await keep(vault, { name: 'Team key', workspace_id: team.id });
  const { page, faults } = await openAs(undefined, `/credentials/${id}`, { viewport: PHONE.viewport });
  await access(page).getByText('Owner of Platform').waitFor();
  await access(page).getByText('Cleo').waitFor();
  await access(page).getByText('Other members cannot').waitFor();
  assert.equal(await access(page).getByText('Bob').count(), 0);
  for (const name of ['Deployer', 'Platform']) {
    await page.getByRole('button', { name: 'Share' }).click();
    await page.getByRole('combobox', { name: 'With' }).fill(name);
    await page.getByRole('option', { name }).click();
    await assertFits(page);
    await page.getByRole('button', { name: 'Share', exact: true }).last().click();
    await page.getByRole('button', { name: `Stop sharing with ${name}` }).waitFor();
  }
  await access(page).getByText('its owners, admins and members may use it').waitFor();
  await assertAccessible(page);
  await assertFits(page);
  const { items } = await vault.call(`/api/credentials/${id}/grants`);
  assert.deepEqual(items.map(({ grantee_name }) => grantee_name).sort(), ['Deployer', 'Platform']);
  assert.deepEqual(faults, []);
});

test('whom one does not know, one cannot share with, and what is not there is not to be told from what is another’s', async () => {
  const { id } = await keep(vault, { name: 'Not Dan’s' });
  const { page, faults } = await openAs(dan, `/credentials/${id}`);
  await page.getByText('it is not yours to see').waitFor();
  const told = await page.getByRole('main').textContent();
  for (const path of ['/credentials/0199d4a1-7c3e-7b52-9d01-5f2a6c8e4b11', '/credentials/no-id', `/credentials/${id}/edit`]) {
    await page.goto(path);
    await page.getByText('it is not yours to see').waitFor();
    assert.equal(await page.getByRole('main').textContent(), told);
  }
  const body = { name: 'Dan’s', provider: 'npm', type: 'ACCESS_TOKEN', value: 'npm_0123456789' };
  const own = await dan.call('/api/credentials', { method: 'POST', body });
  await page.goto(`/credentials/${own.id}`);
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByText('There is nobody to share it with yet').waitFor();
  await assertAccessible(page);
  assert.deepEqual(faults, []);
});
