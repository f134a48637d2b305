// A terminal as a page: what is typed there is run, and what is shown is what came of it.
import { spawn } from 'node:child_process';

const HTML = `<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #101415; color: #dde5e3; font: 15px/1.55 'DejaVu Sans Mono', monospace; }
pre { margin: 0; padding: 26px 30px; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
.prompt { color: #7fd0c7; } .remark { color: #8fa19e; } .typed { color: #fff; font-weight: bold; }
</style><pre></pre>`;

export class Terminal {
  /**
   * @param {import('playwright-core').Page} page
   * @param {NodeJS.ProcessEnv} environment of what is run
   * @param {(page: import('playwright-core').Page, milliseconds: number) => Promise<void>} shoot takes a picture
   */
  constructor(page, environment, shoot) {
    Object.assign(this, { page, environment, shoot });
  }

  async clear() {
    await this.page.setContent(HTML);
  }

  async remark(text) {
    await this.#append('remark', `# ${text}\n`);
    await this.shoot(this.page, 1200);
  }

  /** Types a command, runs it in a shell and shows what it says. */
  async run(command) {
    await this.#type(command);
    const { text, done } = this.#start(command);
    await done;
    await this.output(text());
  }

  /** Types a command that goes on until something else happens; `done` tells when it has ended, `text` what it said. */
  async begin(command, until) {
    await this.#type(command);
    const running = this.#start(command);
    const failed = running.done.then(() => Promise.reject(new Error(`${command}: ${running.text()}`)));
    failed.catch(() => {}); // Once it has said what was waited for, it may end.
    while (!until.test(running.text())) await Promise.race([running.more(), failed]);
    await this.output(running.text());
    return running;
  }

  async output(text) {
    await this.#append('', `${text.trimEnd()}\n\n`);
    await this.shoot(this.page, 2600);
  }

  async #type(command) {
    await this.#append('prompt', '$ ');
    await this.#append('typed', `${command}\n`);
    await this.shoot(this.page, 1100);
  }

  #append(look, text) {
    return this.page.evaluate(([look, text]) => {
      const part = document.createElement('span');
      part.className = look;
      part.textContent = text;
      document.querySelector('pre').append(part);
      scrollTo(0, document.body.scrollHeight);
    }, [look, text]);
  }

  #start(command) {
    const child = spawn('sh', ['-c', `exec 2>&1; ${command}`], { env: this.environment, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => (said += chunk));
    return {
      text: () => said,
      more: () => new Promise((resolve) => child.stdout.once('data', resolve)),
      done: new Promise((resolve) => child.once('exit', resolve)),
      // The shell and what it runs.
      stop: () => process.kill(-child.pid, 'SIGTERM'),
    };
  }
}
