// The one way to data: the public API, typed by openapi.json, as whoever the browser's session is of.
// It must never put a value, a token or a password into a URL or a message.
import createClient from 'openapi-fetch';
import type { components, paths } from '../../clients/typescript/src/api.ts';

export type Schemas = components['schemas'];
type Problem = Schemas['Problem'];

export const api = createClient<paths>({ baseUrl: location.origin });

/** What the server said no with (RFC 9457). `message` is for the reader. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  /** After how many seconds to try again, where the server says so. */
  readonly retryAfter: number | undefined;

  constructor(response: Response, problem: Partial<Problem> | undefined) {
    super(problem?.detail ?? `The server answered with status ${response.status}.`);
    this.status = response.status;
    this.code = problem?.type?.replace('urn:strongroom:problem:', '') ?? 'unknown';
    this.requestId = problem?.request_id ?? undefined;
    const seconds = Number(response.headers.get('retry-after'));
    this.retryAfter = seconds > 0 ? seconds : undefined;
  }
}

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The data of an answer. Throws a [Refusal], or an Error where there was no answer. */
export async function ask<T>(call: Promise<Answer<T>>): Promise<T> {
  const answer = await call.catch(() => {
    throw new Error('The server does not answer. Is it running, and are you connected?');
  });
  if (!answer.response.ok) throw new Refusal(answer.response, answer.error as Partial<Problem> | undefined);
  return answer.data as T;
}
