// Workspaces, their members and service accounts, by role.
// What a role does not allow is looked for by somebody who has that role.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertAccessible,
  assertFits,
  assertNowhere,
  begin,
  browser,
  choose,
  openWindow,
  person,
  PHONE,
  signIn,
  vault,
} from './support.js';

const ISSUER = 'https://token.actions.githubusercontent.com';

let bob, cleo;
begin(['--exchange-issuers', ISSUER], async () => {
  bob = await person(vault, 'Bob');
  cleo = await person(vault, 'Cleo');
});

function makeWorkspace(name, members = {}) {
  return vault.call('/api/workspaces', { method: 'POST', body: { name } }).then(async (workspace) => {
    for (const [id, role] of Object.entries(members)) {
      await vault.call(`/api/workspaces/${workspace.id}/members/${id}`, { method: 'PUT', body: { role } });
    }
    return workspace;
  });
}

async function members(workspace) {
  const { items } = await vault.call(`/api/workspaces/${workspace.id}/members`);
  return Object.fromEntries(items.map(({ display_name, role }) => [display_name, role]));
}

test('an owner makes a workspace, brings people in, changes their roles and takes them out', async () => {
  const { page, faults } = await openWindow(browser, vault, PHONE);
  await signIn(page);
  await page.goto('/workspaces');
  await page.getByRole('heading', { name: 'You are in no workspace yet' }).waitFor();
  await assertAccessible(page);
  await page.getByRole('button', { name: 'New workspace' }).click();
  await page.getByLabel('Name').fill('Platform team');
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Create workspace' }).click();
  await page.getByRole('heading', { name: 'Platform team', level: 1 }).waitFor();
  const id = page.url().split('/').at(-1);
  await page.getByRole('row', { name: /Ada.*Owner/ }).waitFor();
  await assertAccessible(page);
  await assertFits(page);

  await page.getByRole('button', { name: 'Add a member' }).click();
  await page.getByLabel('Their id').fill('bob@example.org');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByText('An id is 32 digits and letters').waitFor();
  await page.getByLabel('Their id').fill(bob.user_id);
  await choose(page, 'radio', /^Guest/);
  await assertAccessible(page);
  await assertFits(page);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('row', { name: /Bob.*Guest/ }).waitFor();

  await page.getByRole('button', { name: 'Change role of Bob' }).click();
  await choose(page, 'radio', /^Admin/);
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Change role', exact: true }).last().click();
  await page.getByRole('row', { name: /Bob.*Admin/ }).waitFor();
  assert.deepEqual(await members({ id }), { Ada: 'OWNER', Bob: 'ADMIN' });

  await page.getByRole('button', { name: 'Remove Bob' }).click();
  await assertAccessible(page);
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('row', { name: /Bob/ }).waitFor({ state: 'detached' });
  assert.deepEqual(await members({ id }), { Ada: 'OWNER' });

  await page.getByRole('button', { name: 'Rename' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Infrastructure');
  await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
  await page.getByRole('heading', { name: 'Infrastructure', level: 1 }).waitFor();

  await page.getByRole('button', { name: 'Leave' }).click();
  await assertAccessible(page);
  await page.getByRole('alertdialog').getByRole('button', { name: 'Leave' }).click();
  await page.getByRole('alert').filter({ hasText: /owner/i }).waitFor();
  assert.deepEqual(faults, []);
});

test('a workspace is made, and somebody added to it, by keyboard alone', async () => {
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  await page.goto('/workspaces');
  const tabTo = async (name) => {
    for (let presses = 0; presses < 40; presses++) {
      const { text, label } = await page.evaluate(() => ({
        text: document.activeElement.textContent,
        label: document.activeElement.ariaLabel,
      }));
      if (text === name || label === name) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`there is no way to ${name}`);
  };
  await page.getByRole('button', { name: 'New workspace' }).waitFor();
  await tabTo('New workspace');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.type('By keyboard');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'By keyboard', level: 1 }).waitFor();
  await tabTo('Add a member');
  await page.keyboard.press('Space');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.type(cleo.user_id);
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  await tabTo('Add');
  await page.keyboard.press('Enter');
  await page.getByRole('row', { name: /Cleo.*Guest/ }).waitFor();
  // The focus is back, once the dialog is gone.
  await page.locator('button:focus', { hasText: 'Add a member' }).waitFor();
  assert.deepEqual(faults, []);
});

test('a workspace is deleted by whoever types its name, having been told what goes', async () => {
  const workspace = await makeWorkspace('Short-lived', { [bob.user_id]: 'MEMBER' });
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  await page.goto(`/workspaces/${workspace.id}`);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('and end 2 memberships').waitFor();
  await assertAccessible(page);
  await page.getByLabel('Type Short-lived to confirm').fill('Short');
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await page.getByText('That is not its name.').waitFor();
  assert.equal(Object.keys(await members(workspace)).length, 2);
  await page.getByLabel('Type Short-lived to confirm').fill('Short-lived');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/workspaces');
  await page.getByRole('heading', { name: 'Workspaces', level: 1 }).waitFor();
  await page.getByRole('link', { name: 'Short-lived' }).waitFor({ state: 'detached' });
  await page.goto(`/workspaces/${workspace.id}`);
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
  assert.deepEqual(faults, []);
});

test('whoever is a member is not added again, which would take his role from him', async () => {
  const workspace = await makeWorkspace('Two owners', { [bob.user_id]: 'OWNER' });
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  await page.goto(`/workspaces/${workspace.id}`);
  await page.getByRole('button', { name: 'Add a member' }).click();
  await page.getByLabel('Their id').fill(bob.user_id.toUpperCase());
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('alert').filter({ hasText: 'Their role is changed in the list of members' }).waitFor();
  assert.deepEqual(await members(workspace), { Ada: 'OWNER', Bob: 'OWNER' });
  // The form is there for another.
  await page.getByLabel('Their id').fill(cleo.user_id);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('row', { name: /Cleo.*Member/ }).waitFor();
  await vault.call(`/api/workspaces/${workspace.id}?confirm=Two%20owners`, { method: 'DELETE' });
  assert.deepEqual(faults, []);
});

test('a workspace is confirmed by its name as it is read, in the words of people', async () => {
  const workspace = await makeWorkspace('Two  spaces');
  const { page, faults } = await openWindow(browser, vault);
  await signIn(page);
  await page.goto(`/workspaces/${workspace.id}`);
  await page.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('and end 1 membership.').waitFor();
  assert.equal(await dialog.getByText('`confirm`').count(), 0);
  await dialog.getByLabel('Type Two spaces to confirm').fill('Two spaces');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/workspaces');
  await page.getByRole('link', { name: 'Two spaces' }).waitFor({ state: 'detached' });
  assert.deepEqual(faults, []);
});

test('nobody is offered what his role does not allow', async () => {
  const workspace = await makeWorkspace('Shared', { [bob.user_id]: 'MEMBER', [cleo.user_id]: 'ADMIN' });
  const account = await vault.call(`/api/workspaces/${workspace.id}/service-accounts`, {
    method: 'POST',
    body: { name: 'Deployer' },
  });
  const member = await openWindow(browser, vault);
  await signIn(member.page, bob.email);
  await member.page.goto(`/workspaces/${workspace.id}`);
  await member.page.getByRole('row', { name: /Cleo.*Admin/ }).waitFor();
  const offered = await member.page.getByRole('main').getByRole('button').allTextContents();
  assert.deepEqual(offered, ['Leave']);
  await member.page.getByRole('heading', { name: 'Service accounts' }).waitFor({ state: 'detached' });
  await assertAccessible(member.page);
  await member.page.goto(`/workspaces/${workspace.id}/service-accounts/${account.id}`);
  await member.page.getByRole('heading', { name: 'There is no such page' }).waitFor();

  const admin = await openWindow(browser, vault);
  await signIn(admin.page, cleo.email);
  await admin.page.goto(`/workspaces/${workspace.id}`);
  await admin.page.getByRole('button', { name: 'Remove Bob' }).waitFor();
  assert.equal(await admin.page.getByRole('button', { name: 'Remove Ada' }).count(), 0);
  assert.equal(await admin.page.getByRole('button', { name: 'Delete' }).count(), 0);
  await admin.page.getByRole('button', { name: 'Change role of Bob' }).click();
  await admin.page.getByRole('dialog').waitFor();
  assert.equal(await admin.page.getByRole('radio').count(), 2, 'member and guest');
  await admin.page.keyboard.press('Escape');

  await member.page.goto(`/workspaces/${workspace.id}`);
  await member.page.getByRole('button', { name: 'Leave' }).click();
  await member.page.getByRole('alertdialog').getByRole('button', { name: 'Leave' }).click();
  await member.page.getByRole('heading', { name: 'You are in no workspace yet' }).waitFor();
  assert.deepEqual([...member.faults, ...admin.faults], []);
});

test('a service account has tokens and trusts workloads, until it is disabled', async () => {
  const workspace = await makeWorkspace('Machines');
  const { page, faults } = await openWindow(browser, vault, PHONE);
  await signIn(page);
  await page.goto(`/workspaces/${workspace.id}`);
  await page.getByRole('button', { name: 'New service account' }).click();
  await page.getByLabel('Name').fill('Deployer');
  await page.getByLabel('Description').fill('Runs in CI');
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Create service account' }).click();
  await page.getByRole('heading', { name: 'Deployer', level: 1 }).waitFor();
  await page.getByRole('heading', { name: 'No workload is trusted yet' }).waitFor();
  await assertAccessible(page);
  await assertFits(page);
  const path = `/api/workspaces/${workspace.id}/service-accounts/${page.url().split('/').at(-1)}`;

  await page.getByRole('button', { name: 'New token' }).click();
  await page.getByLabel('Name').fill('Runner');
  await page.getByRole('combobox', { name: 'Only for this provider' }).fill('NPM');
  await page.keyboard.press('Tab');
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Create token' }).click();
  const token = await page.getByText(/^srt_/).textContent();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await assertNowhere(page, token);
  const [made] = (await vault.call(`${path}/tokens`)).items;
  assert.deepEqual([made.name, made.provider], ['Runner', 'npm']);
  await page.getByRole('button', { name: 'Revoke Runner' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('row', { name: /Runner.*Revoked/ }).waitFor();

  await page.getByRole('button', { name: 'New rule' }).click();
  await page.getByLabel('Issuer').fill(ISSUER);
  await page.getByRole('combobox', { name: 'Only for this provider' }).fill('GitHub');
  await page.keyboard.press('Tab');
  await page.getByLabel('Value', { exact: true }).fill('repo:*');
  await page.getByRole('button', { name: 'Another claim' }).click();
  await page.getByLabel('Claim', { exact: true }).last().fill('environment');
  await page.getByLabel('Value', { exact: true }).last().fill('production');
  await assertAccessible(page);
  await assertFits(page);
  await page.getByRole('button', { name: 'Create rule' }).click();
  await page.getByRole('alert').waitFor();
  assert.deepEqual((await vault.call(`${path}/trust-rules`)).items, [], 'repo:* is everybody');
  await page.getByLabel('Value', { exact: true }).first().fill('repo:acme/*');
  await page.getByRole('button', { name: 'Create rule' }).click();
  await page.getByText('repo:acme/*').waitFor();
  await assertAccessible(page);
  const [rule] = (await vault.call(`${path}/trust-rules`)).items;
  assert.equal(rule.provider, 'github');
  assert.deepEqual(rule.claims, { sub: 'repo:acme/*', environment: 'production' });
  await page.getByRole('button', { name: 'Remove the rule for repo:acme/*' }).click();
  await assertAccessible(page);
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('heading', { name: 'No workload is trusted yet' }).waitFor();

  await page.getByRole('button', { name: 'Disable' }).click();
  await assertAccessible(page);
  await page.getByRole('alertdialog').getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('row', { name: /Deployer.*Disabled/ }).waitFor();
  await page.getByRole('link', { name: 'Deployer' }).click();
  await page.getByText('It is disabled').waitFor();
  assert.equal(await page.getByRole('button', { name: 'New token' }).count(), 0);
  assert.deepEqual(faults, []);
});
