// What the tests of credentials share: what is there before a test begins, and getting about by keyboard.
// It acts as Ada, over the API, and never through the pages that are tested.
import assert from 'node:assert/strict';

/** Keeps a credential of Ada's, or what `body` says. */
export function keep(vault, body) {
  const credential = { provider: 'github', type: 'ACCESS_TOKEN', value: 'ghp_kept0123456789', ...body };
  return vault.call('/api/credentials', { method: 'POST', body: credential });
}

/** A workspace of Ada's with others in it, by role. */
export async function workspace(vault, name, members = []) {
  const made = await vault.call('/api/workspaces', { method: 'POST', body: { name } });
  for (const [{ user_id }, role] of members) {
    await vault.call(`/api/workspaces/${made.id}/members/${user_id}`, { method: 'PUT', body: { role } });
  }
  return made;
}

export function inDays(days) {
  return new Date(Date.now() + days * 86_400_000).toISOString();
}

/** Goes on by the Tab key alone until that is in focus. */
export async function tabTo(page, locator) {
  for (let presses = 0; presses < 80; presses += 1) {
    if (await locator.evaluateAll((found) => found.includes(document.activeElement))) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`the Tab key does not lead to ${locator}`);
}
