// The workspaces that one is in, for whatever names or offers them.
import { useQuery } from '@tanstack/react-query';
import { api, ask } from '../api.ts';

/** Every list of workspaces, and all about one of them, is kept under this key. */
export const WORKSPACES = ['workspaces'] as const;

/** The newest hundred, and what each is called. */
export function useWorkspaces() {
  const { data } = useQuery({
    queryKey: [...WORKSPACES, 'names'],
    queryFn: () => ask(api.GET('/api/workspaces', { params: { query: { limit: 100 } } })),
  });
  const workspaces = data?.items ?? [];
  const nameOf = (id: string) => workspaces.find((workspace) => workspace.id === id)?.name ?? 'another workspace';
  return { workspaces, nameOf };
}
