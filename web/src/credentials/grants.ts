// Grants of a credential over the public API. SYSTEM secrets have none.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, ask, type Schemas } from '../api.ts';
import { allPages } from '../paging.ts';

export type Grant = Schemas['Grant'];

const PATH = '/api/credentials/{id}/grants';

/** All of them for whoever may share the credential; one's own for a grantee. */
export function useGrants(id: string) {
  const queryFn = () => allPages((cursor) => ask(api.GET(PATH, { params: { path: { id }, query: { cursor, limit: 100 } } })));
  return useQuery({ queryKey: ['grants', id], queryFn });
}

export function createGrant(id: string, body: Schemas['NewGrant']) {
  return ask(api.POST(PATH, { params: { path: { id } }, body }));
}

export function updateGrant({ credential_id: id, id: grant_id }: Grant, body: Schemas['SetGrant']) {
  return ask(api.PUT(`${PATH}/{grant_id}`, { params: { path: { id, grant_id } }, body }));
}

export function revokeGrant({ credential_id: id, id: grant_id }: Grant) {
  return ask(api.DELETE(`${PATH}/{grant_id}`, { params: { path: { id, grant_id } } }));
}

export function useRereadGrants(id: string): () => Promise<void> {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ['grants', id] });
}
