// A real browser in front of a real vault. What no page may ever do is held against every page: run into its own
// Content-Security-Policy, ask another host, log an error, or fail axe's rules of WCAG 2.2 AA.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';
import { startVault } from '../../clients/typescript/test/vault.js';

const root = resolve(import.meta.dirname, '../..');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const PASSWORD = 'a sentence that only Ada knows';

/** What the tests of a file have before them, once they begin. */
export let vault, browser;

const ends = [];

/**
 * Gives the tests of a file a vault and a browser, and ends whatever was started, also where something else did not start.
 * @param {string[] | (() => Promise<string[]>)} flags more for `strongroom serve`
 * @param {() => Promise<void> | void} prepare what else is there before the tests; in here, as Node runs such hooks at once
 */
export function begin(flags = [], prepare = () => {}) {
  before(async () => {
    const starting = typeof flags === 'function' ? flags().then(startVaultOfAda) : startVaultOfAda(flags);
    [vault, browser] = await Promise.all([starting, untilTheEnd(startBrowser(), (browser) => browser.close())]);
    await prepare();
  });
  after(async () => {
    const ended = await Promise.allSettled(ends.map((end) => end()));
    for (const { reason } of ended) if (reason) throw reason;
  });
}

/** Ends what is being started, after the tests of the file. */
export function untilTheEnd(starting, end) {
  // What did not start has nothing to end, and was told where it was waited for.
  ends.push(() => starting.then(end, () => {}));
  return starting;
}

/** A vault with Ada, its first administrator, who has a password. */
export async function startVaultOfAda(flags = []) {
  const starting = startVault(process.env.STRONGROOM_BINARY ?? join(root, 'target/debug/strongroom'), flags);
  const vault = await untilTheEnd(starting, (vault) => vault.stop());
  const ada = await accept(vault.url, vault.setupToken, { display_name: 'Ada', email: 'ada@example.org', password: PASSWORD });
  return { ...vault, ada, call: (path, options) => call(vault.url, ada.token, path, options) };
}

/** Somebody whom Ada asks in: with an API token, and with the same password. */
export async function person(vault, name, isAdmin = false) {
  const email = `${name.toLowerCase()}@example.org`;
  const invitation = await vault.call('/api/admin/invitations', { method: 'POST', body: { email, is_admin: isAdmin } });
  const welcome = await accept(vault.url, invitation.invitation, { display_name: name, password: PASSWORD });
  return { ...welcome, email, call: (path, options) => call(vault.url, welcome.token, path, options) };
}

function accept(url, invitation, body) {
  return call(url, invitation, '/api/invitations/accept', { method: 'POST', body });
}

async function call(url, token, path, { method = 'GET', body } = {}) {
  const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
  const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await (answer.ok ? '' : answer.text())}`);
  return answer.status === 204 ? undefined : answer.json();
}

export function startBrowser() {
  const programs = [process.env.STRONGROOM_TEST_CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'];
  const executablePath = programs.find((program) => program && existsSync(program));
  assert.ok(executablePath, 'no Chromium: run scripts/setup test, or name one in STRONGROOM_TEST_CHROMIUM');
  const flags = ['--disable-gpu', '--disable-background-networking', '--no-first-run'];
  // Chromium's sandbox refuses to work for root.
  return chromium.launch({ executablePath, headless: true, chromiumSandbox: process.getuid?.() !== 0, args: flags });
}

/**
 * A window of its own, with no cookies yet. `page.url()` is on the vault's origin; `faults` are the things that no page may do.
 * @param {import('playwright-core').Browser} browser
 * @param {{ url: string }} vault
 * @param {import('playwright-core').BrowserContextOptions} options
 * @param {string[]} others origins that it may be sent to
 */
export async function openWindow(browser, vault, options = {}, others = []) {
  const context = await browser.newContext({ baseURL: vault.url, locale: 'en-GB', timezoneId: 'UTC', ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`${error}`));
  page.on('console', (message) => {
    // A refusal that the page explains is no fault of the page.
    const isRefusal = /^Failed to load resource: the server responded with a status of 4\d\d/.test(message.text());
    if (message.type() === 'error' && !isRefusal) faults.push(message.text());
  });
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    // What the page made itself asks nobody.
    if (protocol !== 'blob:' && origin !== vault.url && !others.includes(origin)) faults.push(`asks ${request.url()}`);
  });
  return { context, page, faults };
}

/** Signs in as a person does. */
export async function signIn(page, email = 'ada@example.org', password = PASSWORD) {
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/credentials');
}

/** A window of Ada, or of somebody else with the same password, at that path. */
export async function openAt(path, options = {}, email = 'ada@example.org') {
  const opened = await openWindow(browser, vault, options);
  await signIn(opened.page, email);
  await opened.page.goto(path);
  return opened;
}

/** A phone. */
export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** That nobody has to scroll sideways. */
export async function assertFits(page) {
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(beyond, 0, `${page.url()} is too wide by ${beyond} pixels`);
}

/** That a secret is in no place where it would be found later: page, fields, address, history, storage. */
export async function assertNowhere(page, secret) {
  const places = await page.evaluate(() => ({
    page: document.documentElement.outerHTML,
    fields: [...document.querySelectorAll('input, textarea')].map(({ value }) => value).join(' '),
    address: location.href,
    history: JSON.stringify(history.state),
    storage: JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
  }));
  for (const [place, text] of Object.entries(places)) assert.ok(!text.includes(secret), `it is in the ${place}`);
}

/** Chooses as people do, who press the words beside a box or a dot. */
export async function choose(page, role, name) {
  await page.locator('label').filter({ has: page.getByRole(role, { name }) }).click();
}

/** Holds what is on the screen, once it is there, against WCAG 2.2 A and AA, in light and in dark. */
export async function assertAccessible(page) {
  await page.locator('[role="progressbar"]').first().waitFor({ state: 'detached' });
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(axe);
    const found = await page.evaluate(async () => {
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      // Where React Aria has things read out that are gone from the page by then; it is emptied after seconds.
      const context = { exclude: [['[data-live-announcer]']] };
      const { violations } = await globalThis.axe.run(context, { runOnly: { type: 'tag', values: tags } });
      return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
    });
    assert.deepEqual(found, [], `${page.url()} in ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: null });
}
