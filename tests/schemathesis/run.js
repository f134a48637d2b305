// Runs schemathesis against the real binary, as a person and as an instance administrator: whatever openapi.json allows
// must be answered as it says, and whatever it forbids must be refused. Arguments are passed on to it.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startVault } from '../../clients/typescript/test/vault.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const settings = fileURLToPath(new URL('schemathesis.toml', import.meta.url));
// What the limits answer is for tests of their own.
const limits = ['reveals-per-minute', ...['address', 'token', 'user'].map((of) => `requests-per-minute-by-${of}`)];

const vault = await startVault(
  process.env.STRONGROOM_BIN ?? `${root}target/debug/strongroom`,
  limits.flatMap((limit) => [`--${limit}`, '0']),
);
try {
  const admin = await accept(vault.setupToken, { display_name: 'Admin', email: 'admin@example.org' });
  const ada = await accept(await invite(admin.token, 'ada'), { display_name: 'Ada' });
  const secret = await send('POST', '/api/admin/secrets', admin.token, credential('theirs'));
  await examine('a person', ada, await invite(admin.token, 'bob'), await prepare(ada, admin, secret));
  await examine('an administrator', admin, await invite(admin.token, 'eve'), await prepare(admin, ada, secret));
} finally {
  await vault.stop();
}

async function examine(who, { token }, invitation, dictionaries) {
  const spare = await send('POST', '/api/tokens', token, { name: 'To be ended' });
  console.log(`schemathesis: as ${who}`);
  for (const [name, ids] of Object.entries(dictionaries)) {
    writeFileSync(`${root}target/schemathesis/${name}`, ids.map((id) => JSON.stringify(id)).join('\n'));
  }
  const command = ['--config-file', settings, 'run', `${root}openapi.json`, '--url', vault.url];
  const { status } = spawnSync('bin/st', [...command, ...process.argv.slice(2)], {
    // It leaves files behind where it runs.
    cwd: `${root}target/schemathesis`,
    env: { ...process.env, STRONGROOM_TOKEN: token, STRONGROOM_SPARE_TOKEN: spare.token, STRONGROOM_INVITATION: invitation },
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
  // A run that has ended its own token has tested nothing since.
  await send('GET', '/api/me', token);
}

/** Makes one thing of each kind; returns the ids, by dictionary. */
async function prepare({ token, user_id }, other, secret) {
  const workspace = await send('POST', '/api/workspaces', token, { name: 'Team' });
  const place = `/api/workspaces/${workspace.id}`;
  await send('PUT', `${place}/members/${other.user_id}`, token, { role: 'GUEST' });
  const account = await send('POST', `${place}/service-accounts`, token, { name: 'Deployer' });
  const own = await send('POST', '/api/credentials', token, credential('own'));
  const shared = await send('POST', '/api/credentials', token, { ...credential('shared'), workspace_id: workspace.id });
  return {
    people: [user_id, other.user_id],
    accounts: [account.id],
    workspaces: [workspace.id],
    credentials: [own.id, shared.id, secret.id],
  };
}

function credential(name) {
  return { name, provider: 'github', type: 'API_KEY', value: 'ghp_0123456789abcdef' };
}

async function invite(token, name) {
  return (await send('POST', '/api/admin/invitations', token, { email: `${name}@example.org` })).invitation;
}

function accept(invitation, body) {
  return send('POST', '/api/invitations/accept', invitation, body);
}

async function send(method, path, token, body) {
  // The server closes connections that rest.
  const headers = { authorization: `Bearer ${token}`, connection: 'close', 'content-type': 'application/json' };
  const response = await fetch(vault.url + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text && JSON.parse(text);
}
