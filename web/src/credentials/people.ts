// Whom one knows: members of the workspaces that one is in, people and service accounts, and these workspaces themselves.
import { useQuery } from '@tanstack/react-query';
import { api, ask, type Schemas } from '../api.ts';
import { allPages } from '../paging.ts';
import { useWorkspaces, WORKSPACES } from '../workspaces/workspaces.ts';

type Member = Schemas['Member'];

/** All members of a workspace, as they are now. */
export function allMembers(id: string): Promise<Member[]> {
  return allPages((cursor) =>
    ask(api.GET('/api/workspaces/{id}/members', { params: { path: { id }, query: { cursor, limit: 100 } } })),
  );
}

/** The members of a workspace, for those who are in it. */
export function useMembers(workspace: string | undefined) {
  const queryFn = () => allMembers(workspace!);
  return useQuery({ queryKey: [...WORKSPACES, workspace, 'all members'], queryFn, enabled: workspace !== undefined });
}

/** Everybody with whom one shares a workspace, once each, by name. */
export function usePeople() {
  const { workspaces, isLoaded } = useWorkspaces();
  return useQuery({
    queryKey: [...WORKSPACES, 'people', workspaces.map(({ id }) => id)],
    enabled: isLoaded,
    queryFn: async () => {
      const all = (await Promise.all(workspaces.map(({ id }) => allMembers(id)))).flat();
      const people = [...new Map(all.map((member) => [member.user_id, member])).values()];
      return people.sort((one, other) => one.display_name.localeCompare(other.display_name));
    },
  });
}
