// The real binary on a database of its own, for a test in Node; stop() ends both. The PostgreSQL is the one that
// scripts/with-postgres started. Nothing here speaks to the API: that is what is tested.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * Starts an empty vault.
 * @param {string} binary the `strongroom` to run
 * @param {string[]} flags more for `strongroom serve`
 */
export async function startVault(binary, flags = []) {
  const database = createDatabase();
  const admin = ['--admin-database-url', database.url('postgres')];
  execFileSync(binary, ['migrate', ...admin], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [setupToken] = execFileSync(binary, ['setup-token', ...admin], { encoding: 'utf8' }).match(/sri_\S+/) ?? [];
  if (!setupToken) throw new Error('strongroom setup-token said no token');

  const folder = mkdtempSync(join(tmpdir(), 'strongroom-'));
  const urls = ['--database-url', database.url('strongroom_app'), '--system-database-url', database.url('strongroom_system')];
  const server = spawn(binary, ['serve', '--listen', '127.0.0.1:0', '--data-dir', folder, ...urls, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((done) => server.once('exit', done));
  const stop = async () => {
    server.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true });
    database.drop();
  };
  const url = await address(server);
  if (!url) {
    await stop();
    throw new Error('strongroom serve did not start; it says why above');
  }
  return { url, setupToken, stop };
}

function createDatabase() {
  const { STRONGROOM_TEST_PGHOST: host, STRONGROOM_TEST_PGBIN: programs } = process.env;
  if (!host || !programs) throw new Error('no PostgreSQL to test against: run this under scripts/with-postgres');
  const name = `node_${randomBytes(8).toString('hex')}`;
  /** @param {string} sql */
  const run = (sql) => execFileSync(resolve(programs, 'psql'), ['-qX', '-h', host, '-U', 'postgres', '-c', sql]);
  run(`CREATE DATABASE ${name}`);
  return {
    /** @param {string} role */
    url: (role) => `postgres://${role}@localhost/${name}?host=${host}`,
    drop: () => run(`DROP DATABASE ${name} WITH (FORCE)`),
  };
}

/**
 * Where it says that it listens, once it is ready; undefined if it ends before.
 * @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, null>} server
 */
async function address(server) {
  let url;
  for await (const line of createInterface(server.stdout)) {
    url = line.match(/listens on (\S+)/)?.[1] ?? url;
    if (line.startsWith('Ready')) {
      // What it says later must not fill the pipe.
      server.stdout.resume();
      return url;
    }
  }
  return undefined;
}
