// What the tests of credentials share: keeping one by the API, and what must hold wherever a value has been.
import assert from 'node:assert/strict';

export const PHONE = { viewport: { width: 390, height: 844 } };

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

/** A value is nowhere that a page can be read from: not in the document, an input, the address, the history or storage. */
export async function assertGone(page, value) {
  const everything = await page.evaluate(() =>
    JSON.stringify([
      document.documentElement.outerHTML,
      [...document.querySelectorAll('input, textarea')].map((input) => input.value),
      document.title,
      location.href,
      history.state,
      { ...localStorage },
      { ...sessionStorage },
    ]),
  );
  assert.ok(!everything.includes(value), 'a value that should be gone is still there');
}

/** Nothing has to be scrolled sideways. */
export async function assertFits(page) {
  const [width, shown] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(width <= shown, `${page.url()} is ${width} wide and has ${shown}`);
}

/** Goes on by the Tab key alone until that is in focus. */
export async function tabTo(page, locator) {
  for (let presses = 0; presses < 80; presses += 1) {
    if (await locator.evaluateAll((found) => found.includes(document.activeElement))) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`the Tab key does not lead to ${locator}`);
}
