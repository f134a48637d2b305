// Which rows of the record a page shows: in the page's own address, under the names that the API has for it.
import type { paths } from '../../../clients/typescript/src/api.ts';

export type ActivityQuery = NonNullable<paths['/api/credentials/audit']['get']['parameters']['query']>;

const FILTERS = [
  'name',
  'provider',
  'action',
  'outcome',
  'entity_type',
  'workspace_id',
  'actor_id',
  'credential_id',
  'from',
  'to',
] as const;
export type Filter = Partial<Record<(typeof FILTERS)[number], string>>;

/** What the address says. `from` and `to` are days, both of which are shown. */
export function readFilter(search: URLSearchParams): Filter {
  return Object.fromEntries(FILTERS.map((name) => [name, search.get(name)?.trim()]).filter(([, value]) => value));
}

const NEXT_CONDITION = new RegExp(` (?=(?:${FILTERS.join('|')})=)`);

/** The filter that a row about a reading of the record names: `action=SIGNED_IN provider=github`. */
export function filterOf(reading: string): Filter {
  return Object.fromEntries(reading.split(NEXT_CONDITION).map((condition) => condition.split(/=(.*)/s, 2)));
}

/** The address of the first page of what a filter shows. */
export function searchOf(filter: Filter): string {
  const said = FILTERS.flatMap((name) => (filter[name]?.trim() ? [[name, filter[name].trim()]] : []));
  return `?${new URLSearchParams(said)}`;
}

/** The filter as the API takes it, which knows times and no days. Where it is wrong, the server says so. */
export function apiQuery({ from, to, ...rest }: Filter): ActivityQuery {
  return { ...rest, ...(from && { from: startOf(from, 0) }), ...(to && { to: startOf(to, 1) }) } as ActivityQuery;
}

/** When a day of the reader's begins, or one so many days after it. */
function startOf(day: string, after: number): string {
  const start = new Date(`${day}T00:00`);
  if (Number.isNaN(start.getTime())) return day;
  start.setDate(start.getDate() + after);
  return start.toISOString();
}
