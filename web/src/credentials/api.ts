// Credentials over the public API: one's own and those of workspaces, or the vault's own (SYSTEM) secrets. The paths of both
// have the same shapes, and only here it is known which of them is asked.
// Must never put a value into the query cache: a value goes from its answer to whoever asked for it.
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import type { paths } from '../../../clients/typescript/src/api.ts';
import { api, ask, type Schemas } from '../api.ts';
import { useList } from '../components/list.tsx';

export type Credential = Schemas['Credential'];
export type Version = Schemas['CredentialVersion'];
export type Permission = Schemas['Permission'];
export type CredentialQuery = Omit<NonNullable<paths['/api/credentials']['get']['parameters']['query']>, 'cursor' | 'limit'>;

export type Vault = ReturnType<typeof vaultAt>;

/** The acts on credentials at one of the two roots of the API. */
export function vaultAt(root: '/api/credentials' | '/api/admin/secrets') {
  const at = <Rest extends string>(rest: Rest) => `${root}${rest}` as `/api/credentials${Rest}`;
  return {
    isSystem: root === '/api/admin/secrets',
    /** Where its pages are. */
    pages: root === '/api/admin/secrets' ? '/admin/secrets' : '/credentials',
    list: (query: CredentialQuery, cursor?: string) => ask(api.GET(at(''), { params: { query: { ...query, cursor } } })),
    get: (id: string) => ask(api.GET(at('/{id}'), { params: { path: { id } } })),
    create: (body: Schemas['NewCredential'], key: string) =>
      ask(api.POST(at(''), { body, params: { header: { 'Idempotency-Key': key } } })),
    update: (seen: Credential, body: Schemas['CredentialPatch']) => ask(api.PATCH(at('/{id}'), { body, params: as(seen) })),
    revoke: (seen: Credential) => ask(api.DELETE(at('/{id}'), { params: as(seen) })),
    restore: (seen: Credential) => ask(api.POST(at('/{id}/restore'), { params: as(seen) })),
    rotate: (seen: Credential, body: Schemas['NewVersion'], key: string) => {
      const { path, header } = as(seen);
      return ask(api.POST(at('/{id}/rotate'), { body, params: { path, header: { ...header, 'Idempotency-Key': key } } }));
    },
    versions: (id: string, cursor?: number) => ask(api.GET(at('/{id}/versions'), { params: { path: { id }, query: { cursor } } })),
    restoreVersion: (seen: Credential, version: number) => {
      const { path, header } = as(seen);
      return ask(api.POST(at('/{id}/versions/{version}/restore'), { params: { path: { ...path, version }, header } }));
    },
    /** The value in plain text. It is recorded. */
    reveal: async (id: string, version?: number): Promise<string> => {
      const params = { path: { id }, query: { purpose: 'REVEAL' as const, version } };
      return (await ask(api.GET(at('/{id}/value'), { params, cache: 'no-store' }))).value;
    },
  };
}

/** Names the credential, and what it was when it was read: a change of what has changed since is refused (412). */
function as(seen: Credential) {
  return { path: { id: seen.id }, header: { 'If-Match': `"${seen.revision}"` } };
}

const VaultContext = createContext<Vault>(vaultAt('/api/credentials'));
export const VaultProvider = VaultContext.Provider;

/** The vault that the page is about. */
export function useVault(): Vault {
  return useContext(VaultContext);
}

/** A list. What it showed stays while the next search is under way. */
export function useCredentials(query: CredentialQuery) {
  const vault = useVault();
  return useInfiniteQuery({
    queryKey: [vault.pages, 'list', query],
    queryFn: ({ pageParam }) => vault.list(query, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  });
}

/** `isAfresh` has it read anew as a page opens, however lately it was read. */
export function useCredential(id: string, isAfresh = false) {
  const vault = useVault();
  return useQuery({
    queryKey: [vault.pages, 'one', id],
    queryFn: () => vault.get(id),
    refetchOnMount: isAfresh ? 'always' : true,
  });
}

export function useVersions(id: string) {
  const vault = useVault();
  return useList([vault.pages, 'one', id, 'versions'], (cursor) => vault.versions(id, cursor === undefined ? undefined : Number(cursor)));
}

/** Has whatever pages show of credentials read anew: after a change. */
export function useRereadCredentials(): () => Promise<void> {
  const vault = useVault();
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: [vault.pages] });
}
