// What people keep where something fails: what they typed, and the say in what is done.
// Failures of the server are made in the browser, and are no faults of the page.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keep } from './credentials.js';
import { assertAccessible, begin, openAt, vault } from './support.js';

begin();

const NO_ANSWER = 'The server does not answer';

/** Ada in the middle of rotating a credential. */
async function openRotation(name) {
  const { id } = await keep(vault, { name });
  const { page } = await openAt(`/credentials/${id}`);
  await page.getByRole('button', { name: 'Rotate' }).click();
  await page.getByLabel('New value', { exact: true }).fill('ghp_typed0123456789');
  const rotate = () => page.getByRole('dialog').getByRole('button', { name: 'Rotate', exact: true }).click();
  return { page, id, rotate };
}

test('an act that was cancelled without a network is not carried out later', async () => {
  const { id } = await keep(vault, { name: 'Stays' });
  const { page, context } = await openAt(`/credentials/${id}`);
  await page.getByText('Nobody else').waitFor();
  await context.setOffline(true);
  await page.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('alertdialog').getByText(NO_ANSWER).waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  const sent = [];
  page.on('request', (request) => sent.push(request.method()));
  const reread = page.waitForResponse(`**/api/credentials/${id}`);
  await context.setOffline(false);
  await reread;
  assert.ok(!sent.includes('DELETE'), `${sent}`);
  assert.equal((await vault.call(`/api/credentials/${id}`)).is_active, true);
});

test('a page that was not read yet says that there is no answer, and comes once there is a network', async () => {
  await keep(vault, { name: 'Seen' });
  await keep(vault, { name: 'Unseen' });
  const { page, context } = await openAt('/credentials');
  await page.getByRole('link', { name: 'Seen', exact: true }).click();
  await page.getByText('Nobody else').waitFor();
  await page.goBack();
  await page.getByRole('link', { name: 'Unseen' }).waitFor();
  await context.setOffline(true);
  await page.getByRole('link', { name: 'Unseen' }).click();
  await page.getByText(NO_ANSWER).waitFor();
  await context.setOffline(false);
  await page.getByRole('heading', { name: 'Unseen', level: 1 }).waitFor();
});

test('what was typed stays where the page behind it cannot be read anew', async () => {
  const { page, id, rotate } = await openRotation('Read once');
  await page.route(`**/api/credentials/${id}*`, (route) => route.fulfill({ status: 503 }));
  await page.route(`**/api/credentials/${id}/rotate`, (route) => route.fulfill({ status: 503 }));
  await rotate();
  await page.getByRole('dialog').getByText('status 503').waitFor();
  assert.equal(await page.getByLabel('New value', { exact: true }).inputValue(), 'ghp_typed0123456789');
  await page.unrouteAll();
  await rotate();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal((await vault.call(`/api/credentials/${id}/value`)).value, 'ghp_typed0123456789');
});

test('where somebody else has signed in and nobody can say who, nothing that was begun can be sent in his name', async () => {
  const { page } = await openRotation('Not his');
  await page.getByLabel('New value', { exact: true }).fill('ghp_typed0123456789');
  const { id } = await vault.call('/api/me');
  await page.route('**/api/me', (route) => route.fulfill({ status: 503 }));
  const tell = (id) => page.evaluate((id) => new BroadcastChannel('strongroom-session').postMessage(id), id);
  await tell(id);
  await tell('somebody else');
  await page.getByRole('alert').getByText('status 503').waitFor();
  assert.equal(await page.getByRole('dialog').count(), 0);
});

test('a credential that is gone, and a session that has ended, take the page away', async () => {
  for (const [status, ended] of [
    [404, (page) => page.getByRole('heading', { name: 'There is no such page' }).waitFor()],
    [401, (page) => page.waitForURL('**/sign-in?next=*')],
  ]) {
    const { page, id, rotate } = await openRotation(`Ended by ${status}`);
    await page.route(`**/api/credentials/${id}*`, (route) => route.fulfill({ status }));
    await page.route(`**/api/credentials/${id}/rotate`, (route) => route.fulfill({ status: 503 }));
    await rotate();
    await ended(page);
    await page.context().close();
  }
});

test('whoever cannot be signed out is told', async () => {
  const { page, context } = await openAt('/workspaces');
  await page.getByRole('heading', { name: 'Workspaces', level: 1 }).waitFor();
  await context.setOffline(true);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('banner').getByText(NO_ANSWER).waitFor();
  await context.setOffline(false);
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in*');
});
