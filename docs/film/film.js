// Makes docs/film/film.webp and the pictures of the README out of the running program: nothing in them is drawn by hand.
// Run it by `make film`, after a change of pages or words, and look at what it made.
import { mkdtempSync, rmSync, chmodSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import sharp from 'sharp';
import { openWindow, PASSWORD, startBrowser } from '../../web/test/support.js';
import { Terminal } from './terminal.js';

const here = import.meta.dirname;
const binary = process.env.STRONGROOM_BINARY ?? resolve(here, '../../target/release/strongroom');
const SIZE = { width: 1120, height: 700 };
const VALUE = 'ghp_ThisIsOnlyAnExample0123456789abcdef';

/** The film as far as it is made: pictures, and for how long each is shown. */
const frames = [];
async function shoot(page, milliseconds) {
  frames.push({ picture: await page.screenshot(), milliseconds });
}

/** One picture, for the README. */
async function portray(page, name) {
  await page.screenshot({ path: join(here, `${name}.png`) });
}

// Of PostgreSQL's unprivileged user, too.
const folder = mkdtempSync('/tmp/strongroom-film-');
chmodSync(folder, 0o755);
const environment = {
  PATH: `${dirname(binary)}:${process.env.PATH}`,
  HOME: folder,
  STRONGROOM_DATA_DIR: join(folder, 'data'),
  GITHUB_TOKEN: 'strongroom:///github/Release%20bot',
};
const browser = await startBrowser();
let server;
try {
  const { terminal, url, setupToken } = await start();
  const { page } = await openWindow(browser, { url }, { viewport: SIZE });
  await comeIn(page, setupToken);
  await keepAndReveal(page);
  await logIn(terminal, page);
  await useIt(terminal);
  await lookAtRecord(page, terminal);
  await portrayAll(url);
  await write();
} finally {
  await browser.close();
  server?.stop();
  await server?.done;
  rmSync(folder, { recursive: true, force: true });
}

async function start() {
  const context = await browser.newContext({ viewport: SIZE });
  const terminal = new Terminal(await context.newPage(), environment, shoot);
  await terminal.clear();
  await terminal.remark('one binary; it brings its own PostgreSQL');
  server = await terminal.begin('strongroom serve', /Ready/);
  const [, url] = server.text().match(/listens on (\S+)/);
  const [setupToken] = server.text().match(/sri_\S+/);
  return { terminal, url, setupToken };
}

async function comeIn(page, setupToken) {
  await page.goto('/invitation');
  await page.getByLabel('Invitation').fill(setupToken);
  await page.getByLabel('Your name').fill('Ada Lovelace');
  await page.getByText('I set this vault up').click();
  await page.getByLabel('E-mail').fill('ada@example.org');
  for (const field of await page.locator('input[autocomplete="new-password"]').all()) await field.fill(PASSWORD);
  await shoot(page, 2500);
  await page.getByRole('button', { name: 'Come in' }).click();
  await page.getByRole('heading', { name: 'Credentials', exact: true }).waitFor();
  await page.waitForLoadState('networkidle');
  await shoot(page, 2500);
}

async function keepAndReveal(page) {
  await page.goto('/credentials/new');
  await page.getByRole('combobox', { name: 'Provider' }).fill('GitHub');
  await page.keyboard.press('Escape');
  await page.getByLabel('Name', { exact: true }).fill('Release bot');
  await page.getByLabel('Value', { exact: true }).fill(VALUE);
  await page.getByLabel('Description').fill('Pushes tags and releases');
  await page.mouse.wheel(0, -2000);
  await shoot(page, 3000);
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByRole('heading', { name: 'Release bot' }).waitFor();
  await page.waitForLoadState('networkidle');
  await shoot(page, 2500);
  await page.getByRole('button', { name: 'Reveal', exact: true }).click();
  await page.getByRole('button', { name: 'Show the value' }).waitFor();
  await shoot(page, 2500);
  await page.getByRole('button', { name: 'Show the value' }).click();
  await page.getByRole('textbox', { name: 'Value' }).waitFor();
  await shoot(page, 3000);
  await portray(page, 'reveal');
  await page.getByRole('button', { name: 'Hide' }).click();
}

async function logIn(terminal, page) {
  await terminal.clear();
  await terminal.remark('the same from a terminal; the browser hands it a token');
  const login = await terminal.begin('strongroom login --no-browser', /authorize\S+/);
  const said = login.text();
  await page.goto(said.match(/http\S+authorize\S+/)[0]);
  await page.getByRole('button', { name: 'Allow' }).waitFor();
  await shoot(page, 2500);
  await page.getByRole('button', { name: 'Allow' }).click();
  await login.done;
  await terminal.output(login.text().slice(said.length));
}

async function useIt(terminal) {
  await terminal.run('strongroom cred list');
  await terminal.clear();
  await terminal.remark('a program gets the value in place of a reference, and nobody else does');
  await terminal.run('echo $GITHUB_TOKEN');
  await terminal.run(`strongroom run --mask -- sh -c 'echo "$(expr length $GITHUB_TOKEN) characters: $GITHUB_TOKEN"'`);
  await terminal.run('strongroom audit tail -n 4');
}

async function lookAtRecord(page, terminal) {
  await page.goto('/audit');
  await page.getByText('Release bot').first().waitFor();
  await page.waitForLoadState('networkidle');
  await shoot(page, 3500);
  await terminal.clear();
  await terminal.remark('nothing is revealed without a record, and the record cannot be rewritten unnoticed');
  await terminal.run('strongroom audit verify');
}

/** With more in the vault than a film has time for. */
async function portrayAll(url) {
  const { page } = await openWindow(browser, { url }, { viewport: SIZE, colorScheme: 'light' });
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').fill('ada@example.org');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Credentials', exact: true }).waitFor();
  // As a page of this origin does.
  await page.evaluate(fill, Date.now());
  await page.goto('/credentials');
  await page.waitForLoadState('networkidle');
  await portray(page, 'credentials');
  await page.goto('/audit');
  await page.getByText('Release bot').first().waitFor();
  await page.waitForLoadState('networkidle');
  await portray(page, 'audit');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 390, height: 700 });
  await page.goto('/credentials');
  await page.waitForLoadState('networkidle');
  await portray(page, 'phone');
}

async function fill(now) {
  const send = async (path, body) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
    return answer.json();
  };
  const day = (days) => new Date(now + days * 86_400_000).toISOString();
  const workspace_id = (await send('/api/workspaces', { name: 'Platform' })).id;
  for (const credential of [
    { name: 'Assistant', provider: 'anthropic', type: 'API_KEY', value: 'sk-ant-example-5f2a', workspace_id, tags: ['agents'] },
    { name: 'Staging database', provider: 'postgresql', type: 'PASSWORD', value: 'an example', workspace_id },
    { name: 'Registry', provider: 'npm', type: 'ACCESS_TOKEN', value: 'npm_example-91c4', tags: ['ci'], expires_at: day(400) },
    { name: 'Payments', provider: 'stripe', type: 'API_KEY', value: 'sk_live_example-77de', tags: ['billing'], expires_at: day(5) },
  ]) {
    await send('/api/credentials', credential);
  }
}

async function write() {
  const film = sharp(frames.map(({ picture }) => picture), { join: { animated: true } });
  const delay = frames.map(({ milliseconds }) => milliseconds);
  const { size } = await film.webp({ quality: 80, effort: 6, loop: 0, delay }).toFile(join(here, 'film.webp'));
  const seconds = Math.round(delay.reduce((sum, each) => sum + each, 0) / 1000);
  console.log(`film.webp: ${frames.length} pictures, ${seconds} seconds, ${Math.round(size / 1024)} KiB`);
}
