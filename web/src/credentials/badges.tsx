// What is worth knowing of a credential, as badges.
import { Badge } from '../components/feedback.tsx';
import type { Credential } from './api.ts';
import { signsOf } from './health.ts';
import { useMe } from '../session.tsx';
import { administers } from '../workspaces/roles.ts';
import { useWorkspaces } from '../workspaces/workspaces.ts';

export function Badges({ credential }: { credential: Credential }) {
  const isShared = useIsSharedWithMe(credential);
  return (
    <span className="badges">
      {signsOf(credential).map(({ tone, text }) => (
        <Badge key={text} tone={tone}>
          {text}
        </Badge>
      ))}
      {isShared && <Badge tone="info">Shared with you</Badge>}
    </span>
  );
}

/** Whether one sees it by a grant alone. */
export function useIsSharedWithMe({ scope, user_id, workspace_id }: Credential): boolean {
  const me = useMe();
  const { workspaces, isLoaded } = useWorkspaces();
  if (scope === 'USER') return user_id !== me.id;
  if (scope === 'SYSTEM' || !isLoaded) return false;
  const role = workspaces.find(({ id }) => id === workspace_id)?.role;
  return !role || !administers(role);
}
