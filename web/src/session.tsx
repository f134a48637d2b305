// Who is signed in. The session is a cookie that no script can read; what is known here is what /api/me says.
import { MutationCache, QueryCache, QueryClient, useQuery, useQueryClient } from '@tanstack/react-query';
import { Navigate, Outlet, useLocation } from 'react-router';
import { api, ask, Refusal, type Schemas } from './api.ts';
import { Failure, Loading } from './components/feedback.tsx';

const ME = ['me'] as const;

/** Answers in memory, for as long as the page lives. Values are never among them. */
export function createQueryClient(): QueryClient {
  const forgetOnSignOut = (error: unknown) => {
    if (error instanceof Refusal && error.status === 401) forget(client);
  };
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: forgetOnSignOut }),
    mutationCache: new MutationCache({ onError: forgetOnSignOut }),
    // Without a network an act fails at once, else it would be kept and done later, when nobody wants it any more.
    defaultOptions: {
      queries: { retry: false, staleTime: 5_000, networkMode: 'always', refetchOnReconnect: true },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
  watch(client);
  return client;
}

/** When it is somebody else, or nobody, nothing of what the former saw stays. Other tabs are told. */
function watch(client: QueryClient): void {
  const tabs = new BroadcastChannel('strongroom-session');
  let known: string | null | undefined;
  // Not who it was until then: while nobody can say who it is, what was begun here would be sent in another's name.
  tabs.onmessage = ({ data }) => data === known || client.resetQueries({ queryKey: ME });
  client.getQueryCache().subscribe((event) => {
    if (event.type !== 'updated' || event.action.type !== 'success' || event.query.queryKey[0] !== ME[0]) return;
    const id = (event.query.state.data as Schemas['User'] | null)?.id ?? null;
    if (id === known) return;
    if (known) forgetAnswers(client);
    known = id;
    tabs.postMessage(id);
  });
}

function forgetAnswers(client: QueryClient): void {
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== ME[0] });
  client.getMutationCache().clear();
}

/** Nobody is signed in any more. */
function forget(client: QueryClient): void {
  client.setQueryData(ME, null);
}

async function fetchMe(): Promise<Schemas['User'] | null> {
  try {
    return await ask(api.GET('/api/me'));
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) return null;
    throw error;
  }
}

/** Whoever is signed in; only for what is inside [RequireSession]. */
export function useMe(): Schemas['User'] {
  const { data } = useQuery({ queryKey: ME, queryFn: fetchMe, staleTime: 60_000 });
  if (!data) throw new Error('nobody is signed in');
  return data;
}

/** Asks whether it is still he who is shown as signed in: another tab may have signed in somebody else since. */
export async function confirmMe(me: Schemas['User']): Promise<void> {
  const now = await fetchMe();
  if (now?.id === me.id) return;
  throw new Error(`${me.display_name} is not signed in here any more. Load this page again, and look who is.`);
}

/** Ends the session on the server, and here. */
export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await ask(api.POST('/api/auth/sign-out'));
    forget(client);
  };
}

/** Asks anew who is signed in: after signing in. */
export function useRefreshMe(): () => Promise<void> {
  const client = useQueryClient();
  return () => client.resetQueries({ queryKey: ME });
}

/** The pages inside are for whoever is signed in; others sign in first, and come back. */
export function RequireSession() {
  const { data, error, refetch } = useQuery({ queryKey: ME, queryFn: fetchMe, staleTime: 60_000 });
  const location = useLocation();
  // Whoever was known stays so, or what he has typed would be lost with the page.
  if (error && data === undefined) return <Failure error={error} retry={refetch} />;
  if (data === undefined) return <Loading />;
  if (data === null) return <Navigate replace to={signInPath(location.pathname + location.search)} />;
  // What one has begun is no other's to go on with.
  return <Outlet key={data.id} />;
}

/** The way to the sign-in page, and from there on to `next`. */
export function signInPath(next: string): string {
  return next === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}`;
}

/** Where to go after signing in: a path of these pages, and never another site (`//host`, `/\host`). */
export function nextPath(search: URLSearchParams): string {
  const next = search.get('next') ?? '/';
  const url = URL.parse(next, location.origin);
  // `/.//host` is of this site, and its path alone is not.
  const isOurs = next.startsWith('/') && url?.origin === location.origin && !url.pathname.startsWith('//');
  return isOurs ? url.pathname + url.search : '/';
}
