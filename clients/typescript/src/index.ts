// The typed client of Strongroom: its paths, bodies and answers are generated from openapi.json (src/api.ts).
// It must hold no rule of the API itself.
import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './api.js';

export type { components, paths } from './api.js';

/** A refusal (RFC 9457): branch on `type`; `detail` says what to do. */
export type Problem = components['schemas']['Problem'];

/** Calls by method and path, such as `vault.GET('/api/credentials')`; each returns `data` or, refused, `error`. */
export type Strongroom = Client<paths>;

/** The vault at that URL, for whoever holds the token: `srt_…`, or `sri_…` to accept an invitation. */
export function connect(baseUrl: string, token: string): Strongroom {
  return createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } });
}
