// What a command line asks for when it sends a browser to /authorize (RFC 8252): where on this computer it listens, the
// state by which it knows its answer again, the public key that it opens the answer with, and what it calls itself. All of it is
// a claim. A token goes there sealed and never in clear: others may listen there, and browsers keep what they have posted.

export type AuthorizationRequest = { port: number; state: string; key: string; name: string };

/** As the API bounds the names of tokens. */
const LONGEST_NAME = 255;
/** Longer paths do not come back from an OpenID provider (ReturnPath in strongroom-types). */
const LONGEST_PATH = 1000;

/** The request in a fragment or a query; undefined where it is not in order. */
export function readRequest(parameters: URLSearchParams): AuthorizationRequest | undefined {
  const { port = '', state = '', key = '', name = '' } = Object.fromEntries(parameters);
  const isPort = /^[1-9][0-9]{3,4}$/.test(port) && Number(port) >= 1024 && Number(port) <= 65_535;
  // A key of 2048 bits, as SubjectPublicKeyInfo.
  if (!isPort || !/^[\w-]{16,128}$/.test(state) || !/^[\w-]{392}$/.test(key)) return undefined;
  return { port: Number(port), state, key, name: plain(name) };
}

/** The page's path with the request in its query, where it outlives signing in; a fragment would not. */
export function pathOf({ port, state, key, name }: AuthorizationRequest): string {
  for (let characters = [...name]; ; characters = characters.slice(0, -1)) {
    const query = new URLSearchParams({ port: `${port}`, state, key, name: characters.join('') });
    const path = `/authorize?${query}`.replaceAll('*', '%2A');
    if (path.length <= LONGEST_PATH) return path;
  }
}

/** As the API takes the names of tokens: no control characters. */
function plain(name: string): string {
  return [...name]
    .slice(0, LONGEST_NAME)
    .join('')
    .replace(/\p{Cc}/gu, ' ')
    .trim();
}

/** Browsers have no cipher for pages that came neither over HTTPS nor from this computer. */
export const canSeal = crypto.subtle !== undefined;

const SEALING = { name: 'RSA-OAEP', hash: 'SHA-256' };

/** How to seal for the command line. Throws where its key is none. */
export async function sealFor({ key }: AuthorizationRequest): Promise<(token: string) => Promise<string>> {
  const publicKey = await crypto.subtle.importKey('spki', decoded(key), SEALING, false, ['encrypt']).catch(() => {
    throw new Error('This link is not whole. Run strongroom login again, and open the address that it prints.');
  });
  return async (token) => encoded(await crypto.subtle.encrypt(SEALING, publicKey, new TextEncoder().encode(token)));
}

function decoded(base64url: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}

function encoded(bytes: ArrayBuffer): string {
  const base64 = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Brings the browser to the command line, with the answer in the body of a form: in no URL, no history and no log. */
export function handOver({ port, state }: AuthorizationRequest, answer: { sealed: string } | { error: 'declined' }): void {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = `http://127.0.0.1:${port}/token`;
  for (const [name, value] of Object.entries({ state, ...answer })) {
    const input = document.createElement('input');
    Object.assign(input, { type: 'hidden', name, value });
    form.append(input);
  }
  sayOrigin();
  document.body.append(form);
  // The browser has taken what it sends when this returns.
  form.submit();
  form.remove();
}

/**
 * The command line takes the form from a page of this server alone, and tells it by the Origin that the browser sends: not
 * under the policy `no-referrer`, which all pages come with.
 */
function sayOrigin(): void {
  const policy = document.createElement('meta');
  Object.assign(policy, { name: 'referrer', content: 'origin' });
  document.head.append(policy);
}
