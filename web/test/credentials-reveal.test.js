// Looking at a value, and the ways in which it goes again.
// The page's clock is set by hand: nothing here may wait for half a minute.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keep, tabTo } from './credentials.js';
import {
  assertAccessible,
  assertFits,
  assertNowhere,
  begin,
  browser,
  openWindow,
  PHONE,
  signIn,
  startVaultOfAda,
  vault,
} from './support.js';

const VALUE = 'ghp_0123456789abcdefghij';
let strict;
begin(['--reveals-per-minute', '0'], async () => {
  strict = await startVaultOfAda(['--reveals-per-minute', '1']);
});

/** Ada before the page of a credential. */
async function open(on, name, options) {
  const credential = await keep(on, { name, value: VALUE });
  const opened = await openWindow(browser, on, options);
  await signIn(opened.page);
  await opened.page.clock.install();
  await opened.page.goto(`/credentials/${credential.id}`);
  await opened.page.getByText('Nobody else').waitFor();
  return { ...opened, credential };
}

async function show(page) {
  await page.getByRole('button', { name: 'Reveal', exact: true }).click();
  await page.getByRole('button', { name: 'Show the value' }).click();
  await page.getByRole('textbox', { name: 'Value' }).waitFor();
}

test('a value is shown after a warning, for thirty seconds that one sees pass', async () => {
  const { page, faults, credential } = await open(vault, 'counted');
  await page.getByRole('button', { name: 'Reveal', exact: true }).click();
  await page.getByText('It is recorded that you looked').waitFor();
  await assertAccessible(page);
  await assertNowhere(page, VALUE);
  await page.getByRole('button', { name: 'Show the value' }).click();
  assert.equal(await page.getByRole('textbox', { name: 'Value' }).textContent(), VALUE);
  await page.getByRole('timer', { name: /Hidden in (30|29) seconds/ }).waitFor();
  await assertAccessible(page);
  await page.clock.fastForward(20_000);
  await page.getByRole('timer', { name: /Hidden in (10|9|8) seconds/ }).waitFor();
  await page.clock.fastForward(10_000);
  await page.getByText('30 seconds are over').waitFor();
  await assertNowhere(page, VALUE);
  await assertAccessible(page);
  const { items } = await vault.call(`/api/credentials/audit?credential_id=${credential.id}&action=CREDENTIAL_ACCESSED`);
  assert.equal(items.length, 1);
  assert.deepEqual(faults, []);
});

test('a value is gone at once by Hide, by Escape, and when the tab is left', async () => {
  const { page, faults } = await open(vault, 'hidden');
  await show(page);
  await page.getByRole('button', { name: 'Hide' }).click();
  await page.getByText('The value is hidden.').waitFor();
  await assertNowhere(page, VALUE);
  await page.getByRole('button', { name: 'Show it again' }).click();
  await page.getByRole('textbox', { name: 'Value' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await assertNowhere(page, VALUE);
  await show(page);
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await page.getByText('you left this tab').waitFor();
  await assertNowhere(page, VALUE);
  await page.evaluate(() => delete document.hidden);
  await page.getByRole('button', { name: 'Show it again' }).click();
  await page.getByRole('textbox', { name: 'Value' }).waitFor();
  await page.evaluate(() => window.dispatchEvent(new Event('pagehide')));
  await assertNowhere(page, VALUE);
  assert.deepEqual(faults, []);
});

test('Escape hides a value from the moment it is shown', async () => {
  const { page, faults } = await open(vault, 'in haste');
  await page.getByRole('button', { name: 'Reveal', exact: true }).click();
  const focus = page.evaluate(
    () =>
      new Promise((resolve) => {
        const observer = new MutationObserver(() => {
          if (!document.querySelector('[role="textbox"][aria-label="Value"]')) return;
          observer.disconnect();
          resolve(document.activeElement.closest('[role="dialog"]') ? 'in the dialog' : document.activeElement.tagName);
        });
        observer.observe(document.body, { childList: true, subtree: true });
      }),
  );
  await page.getByRole('button', { name: 'Show the value' }).click();
  assert.equal(await focus, 'in the dialog');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await assertNowhere(page, VALUE);
  assert.deepEqual(faults, []);
});

test('a value leads into the clipboard, unseen if one likes, and out of it again', async () => {
  const { page, context, faults } = await open(vault, 'copied');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByRole('button', { name: 'Reveal', exact: true }).click();
  await page.getByRole('button', { name: 'Copy without showing' }).click();
  await page.getByRole('dialog').getByText('The value is in the clipboard').waitFor();
  assert.equal(await clipboard(), VALUE);
  await assertNowhere(page, VALUE);
  await assertAccessible(page);
  await page.keyboard.press('Escape');
  // Whether the dialog is open or not.
  await page.clock.fastForward(30_000);
  await page.getByText('The clipboard is empty again').waitFor();
  assert.equal(await clipboard(), '');
  await assertAccessible(page);

  await show(page);
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await page.getByRole('dialog').getByText('The value is in the clipboard').waitFor();
  assert.equal(await clipboard(), VALUE);
  await page.getByRole('button', { name: 'Empty it now' }).click();
  await page.getByRole('dialog').getByText('The clipboard is empty again').waitFor();
  assert.equal(await clipboard(), '');
  // Selecting it and copying is the same.
  await page.getByRole('textbox', { name: 'Value' }).selectText();
  await page.keyboard.press('Control+c');
  await page.getByRole('dialog').getByText('The value is in the clipboard').waitFor();
  await page.clock.fastForward(30_000);
  await page.getByText('The clipboard is empty again').first().waitFor({ state: 'attached' });
  await page.getByRole('dialog').getByText('30 seconds are over').waitFor();
  assert.equal(await clipboard(), '');
  assert.deepEqual(faults, []);
});

test('a copy that is under way when the dialog closes does not fill the clipboard', async () => {
  const { page, context, faults } = await open(vault, 'copied too late');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate(async () => {
    await navigator.clipboard.writeText('what was there');
    const write = navigator.clipboard.write.bind(navigator.clipboard);
    navigator.clipboard.write = (items) => (window.written = write(items));
  });
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route('**/value?*', async (route) => {
    await held;
    await route.continue();
  });
  await page.getByRole('button', { name: 'Reveal', exact: true }).click();
  await page.getByRole('button', { name: 'Copy without showing' }).click();
  await page.waitForFunction(() => Boolean(window.written));
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  release();
  const outcome = await page.evaluate(() => window.written.then(() => 'written', () => 'refused'));
  assert.equal(outcome, 'refused');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'what was there');
  assert.deepEqual(faults, []);
});

test('a clipboard of which the page has no focus is emptied when it has it again', async () => {
  const { page, context, faults } = await open(vault, 'copied and left');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Reveal', exact: true }).click();
  await page.getByRole('button', { name: 'Copy without showing' }).click();
  await page.getByRole('dialog').getByText('The value is in the clipboard').waitFor();
  await page.keyboard.press('Escape');
  await page.evaluate(() => (document.hasFocus = () => false));
  await page.clock.fastForward(30_000);
  await page.getByText('as soon as you are back').waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), VALUE);
  await page.evaluate(() => {
    delete document.hasFocus;
    window.dispatchEvent(new Event('focus'));
  });
  await page.getByText('The clipboard is empty again').waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), '');
  assert.deepEqual(faults, []);
});

test('whoever has looked often enough is told when he can look again', async () => {
  const { page, faults } = await open(strict, 'limited');
  await show(page);
  await page.getByRole('button', { name: 'Hide' }).click();
  for (const way of ['Copy without showing', 'Show it again']) {
    await page.getByRole('button', { name: way }).click();
    await page.getByText('That is enough for this minute').waitFor();
    await assertTold(page);
  }
  assert.deepEqual(faults, []);
});

/** What one is told whom the server makes wait: for how long, until it is over. */
async function assertTold(page) {
  await page.getByText(/You can look again in \d+ s/).waitFor();
  assert.ok(await page.getByRole('button', { name: 'Show it again' }).isDisabled());
  assert.ok(await page.getByRole('button', { name: 'Copy without showing' }).isDisabled());
  await assertAccessible(page);
  await page.clock.fastForward(60_000);
  await page.getByText('That is enough for this minute').waitFor({ state: 'detached' });
  assert.ok(await page.getByRole('button', { name: 'Show it again' }).isEnabled());
}

test('a value can be revealed without a mouse, on a phone as well', async () => {
  const { page, faults } = await open(vault, 'by keyboard', PHONE);
  await tabTo(page, page.getByRole('button', { name: 'Reveal', exact: true }));
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await assertFits(page);
  await tabTo(page, page.getByRole('button', { name: 'Show the value' }));
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'Value' }).waitFor();
  await assertFits(page);
  await assertAccessible(page);
  // The focus is on Hide.
  await page.keyboard.press('Enter');
  await page.getByText('The value is hidden.').and(page.locator(':focus')).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await assertNowhere(page, VALUE);
  assert.deepEqual(faults, []);
});
