// The workspaces that one is in, for whatever names or offers them, and the one that a page is about.
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import { api, ask, Refusal } from '../api.ts';
import { allPages } from '../paging.ts';

/** Every list of workspaces, and all about one of them, is kept under this key. */
export const WORKSPACES = ['workspaces'] as const;

/** All of them, and what each is called; none until they are loaded. */
export function useWorkspaces() {
  const { data, isSuccess: isLoaded } = useQuery({
    queryKey: [...WORKSPACES, 'names'],
    queryFn: () => allPages((cursor) => ask(api.GET('/api/workspaces', { params: { query: { cursor, limit: 100 } } }))),
  });
  const workspaces = data ?? [];
  const nameOf = (id: string) => workspaces.find((workspace) => workspace.id === id)?.name ?? 'another workspace';
  return { workspaces, nameOf, isLoaded };
}

/** The workspace of the path. */
export function useWorkspace() {
  const { id = '' } = useParams();
  return useQuery({
    queryKey: [...WORKSPACES, id],
    queryFn: () => ask(api.GET('/api/workspaces/{id}', { params: { path: { id } } })),
  });
}

/** An id that is none is refused as malformed. */
export function isNotThere(error: Error | null): boolean {
  return error instanceof Refusal && (error.status === 404 || error.status === 400);
}

/** Names a service account to the API. */
export type AccountPath = { id: string; account_id: string };
