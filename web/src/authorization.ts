// What a command line asks for when it sends a browser to /authorize (RFC 8252): where on this computer it listens, the
// state by which it knows its answer again, and what it calls itself. None of it is a secret, and all of it is a claim.

export type AuthorizationRequest = { port: number; state: string; name: string };

/** As the API bounds the names of tokens. */
const LONGEST_NAME = 255;
/** Longer paths do not come back from an OpenID provider (ReturnPath in strongroom-types). */
const LONGEST_PATH = 500;

/** The request in a fragment or a query; undefined where it is not in order. */
export function readRequest(parameters: URLSearchParams): AuthorizationRequest | undefined {
  const { port = '', state = '', name = '' } = Object.fromEntries(parameters);
  const isPort = /^[1-9][0-9]{3,4}$/.test(port) && Number(port) >= 1024 && Number(port) <= 65_535;
  if (!isPort || !/^[\w-]{16,128}$/.test(state)) return undefined;
  return { port: Number(port), state, name: plain(name) };
}

/** The page's path with the request in its query, where it outlives signing in; a fragment would not. */
export function pathOf({ port, state, name }: AuthorizationRequest): string {
  for (let characters = [...name]; ; characters = characters.slice(0, -1)) {
    const query = new URLSearchParams({ port: `${port}`, state, name: characters.join('') });
    const path = `/authorize?${query}`.replaceAll('*', '%2A');
    if (path.length <= LONGEST_PATH) return path;
  }
}

/** As the API takes the names of tokens: no control characters. */
function plain(name: string): string {
  return [...name].slice(0, LONGEST_NAME).join('').replace(/\p{Cc}/gu, ' ').trim();
}

/** Brings the browser to the command line, with the answer in the body of a form: in no URL, no history and no log. */
export function handOver({ port, state }: AuthorizationRequest, answer: { token: string } | { error: 'declined' }): void {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = `http://127.0.0.1:${port}/token`;
  for (const [name, value] of Object.entries({ state, ...answer })) {
    const input = document.createElement('input');
    Object.assign(input, { type: 'hidden', name, value });
    form.append(input);
  }
  document.body.append(form);
  // The browser has taken what it sends when this returns.
  form.submit();
  form.remove();
}
