// What a list of credentials shows: kept in the page's address, so that it can be shared, bookmarked and gone back to.
import type { CredentialQuery } from './api.ts';
import { daysFromToday, SOON_DAYS, UNUSED_DAYS } from './health.ts';
import { TYPES } from './types.ts';

/** Whatever belongs to a person, and to no workspace. */
export const OWN = 'own';

/** As in the address: each is there only where it says something. */
export type Filters = {
  text?: string;
  /** [OWN], or the id of a workspace. */
  workspace?: string;
  provider?: string;
  type?: string;
  tag?: string;
  expiring?: string;
  unused?: string;
  revoked?: string;
};

const NAMES = ['text', 'workspace', 'provider', 'type', 'tag', 'expiring', 'unused', 'revoked'] as const;

export function filtersOf(search: URLSearchParams): Filters {
  return Object.fromEntries(NAMES.map((name) => [name, search.get(name)?.trim()]).filter(([, text]) => text));
}

export function addressOf(filters: Filters): URLSearchParams {
  return new URLSearchParams(NAMES.flatMap((name) => (filters[name] ? [[name, filters[name]]] : [])));
}

/** What to ask the API for. */
export function queryOf({ text, workspace, provider, type, tag, expiring, unused, revoked }: Filters): CredentialQuery {
  return {
    text,
    provider,
    tag,
    type: TYPES.find(({ id }) => id === type)?.id,
    scope: workspace === OWN ? 'USER' : undefined,
    workspace_id: workspace === OWN ? undefined : workspace,
    active: !revoked,
    expires_before: expiring && daysFromToday(SOON_DAYS),
    unused_since: unused && daysFromToday(-UNUSED_DAYS),
  };
}
