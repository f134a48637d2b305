// The workspaces that one is in, for whatever names or offers them.
import { useQuery } from '@tanstack/react-query';
import { api, ask } from '../api.ts';
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
