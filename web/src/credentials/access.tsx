// Who can see this: in words, by name as far as one knows them, and whether that is everybody.
import { useMutation } from '@tanstack/react-query';
import { Building2, Share2, ShieldCheck, User, Users } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Button } from '../components/button.tsx';
import { ConfirmDialog } from '../components/dialog.tsx';
import { Failure, Loading } from '../components/feedback.tsx';
import { Deadline } from '../components/time.tsx';
import { useMe } from '../session.tsx';
import { shownName } from '../shown-name.ts';
import { administers, roleInWords } from '../workspaces/roles.ts';
import { useWorkspaces } from '../workspaces/workspaces.ts';
import type { Credential } from './api.ts';
import { useIsSharedWithMe } from './badges.tsx';
import { type Grant, revokeGrant, useGrants, useRereadGrants } from './grants.ts';
import { useMembers, usePeople } from './people.ts';
import { ChangeGrantDialog, ShareDialog } from './share-dialog.tsx';
import { inWords } from './types.ts';

export function Access({ credential }: { credential: Credential }) {
  return (
    <section className="card" aria-labelledby="access">
      <h2 id="access">Who can see this</h2>
      {credential.scope === 'SYSTEM' ? <SystemAccess /> : <SharedAccess credential={credential} />}
    </section>
  );
}

function SystemAccess() {
  return (
    <ul className="lines">
      <Line icon={<ShieldCheck aria-hidden size={18} />} who="Vault administrators" what="Can use, reveal and manage it." />
      <Line icon={<Users aria-hidden size={18} />} who="Nobody else" what="It belongs to this vault, and is not shared." />
    </ul>
  );
}

function SharedAccess({ credential }: { credential: Credential }) {
  const isSharedWithMe = useIsSharedWithMe(credential);
  const { data: grants, error, refetch } = useGrants(credential.id);
  const [isSharing, setSharing] = useState(false);
  const failure = error && <Failure error={error} retry={refetch} />;
  if (!grants) return failure ?? <Loading />;
  return (
    <>
      {failure}
      <ul className="lines">
        {credential.scope === 'USER' ? <Owner credential={credential} /> : <Administrators credential={credential} />}
        {grants.map((grant) => (
          <GrantLine key={grant.id} grant={grant} isMine={isSharedWithMe} />
        ))}
        <Rest isSharedWithMe={isSharedWithMe} isPersonal={credential.scope === 'USER'} />
      </ul>
      {!isSharedWithMe && credential.is_active && (
        <div>
          <Button onPress={() => setSharing(true)}>
            <Share2 aria-hidden size={16} /> Share
          </Button>
        </div>
      )}
      {isSharing && <ShareDialog credential={credential} grants={grants} onClose={() => setSharing(false)} />}
    </>
  );
}

function Owner({ credential }: { credential: Credential }) {
  const me = useMe();
  const { data: people } = usePeople();
  const owner = people?.find(({ user_id }) => user_id === credential.user_id)?.display_name;
  const isMine = credential.user_id === me.id;
  return (
    <Line
      icon={<User aria-hidden size={18} />}
      who={isMine ? 'You' : (owner ?? 'Its owner')}
      what={isMine ? 'Owner: can use, reveal, manage and share it.' : 'Owner. Shares it with you.'}
    />
  );
}

/** By name for those who are in the workspace. */
function Administrators({ credential }: { credential: Credential }) {
  const me = useMe();
  const { workspaces } = useWorkspaces();
  const workspace = workspaces.find(({ id }) => id === credential.workspace_id);
  const { data: members, error } = useMembers(workspace?.id);
  if (error) return <li><Failure error={error} /></li>;
  const icon = <Building2 aria-hidden size={18} />;
  if (!workspace) return <Line icon={icon} who="Owners and admins of its workspace" what="Can use, reveal, manage and share it." />;
  return members
    ?.filter(({ role }) => administers(role))
    .map(({ user_id, display_name, role }) => (
      <Line
        key={user_id}
        icon={icon}
        who={user_id === me.id ? 'You' : display_name}
        what={`${roleInWords(role)} of ${shownName(workspace.name)}: can use, reveal, manage and share it.`}
      />
    ));
}

function Rest({ isSharedWithMe, isPersonal }: { isSharedWithMe: boolean; isPersonal: boolean }) {
  const icon = <Users aria-hidden size={18} />;
  const sharer = isPersonal ? 'owner sees' : 'workspace’s owners and admins see';
  if (isSharedWithMe) return <Line icon={icon} who="Perhaps others" what={`Only its ${sharer} the whole list.`} />;
  const what = isPersonal
    ? 'Not even administrators of a workspace or of this vault.'
    : 'Other members cannot, nor can administrators of this vault.';
  return <Line icon={icon} who="Nobody else" what={what} />;
}

function Line({ icon, who, what, children }: { icon: ReactNode; who: string; what: ReactNode; children?: ReactNode }) {
  return (
    <li className="line">
      <span className="line-icon">{icon}</span>
      <div className="line-text">
        <strong>{shownName(who)}</strong>
        <span className="hint">{what}</span>
      </div>
      {children}
    </li>
  );
}

function GrantLine({ grant, isMine }: { grant: Grant; isMine: boolean }) {
  const me = useMe();
  const [asked, setAsked] = useState<'change' | 'revoke'>();
  const close = () => setAsked(undefined);
  const isOver = !!grant.expires_at && new Date(grant.expires_at).getTime() <= Date.now();
  const name = grant.grantee_name ?? (grant.workspace_id ? 'A workspace' : 'Somebody you do not know any more');
  const members = grant.workspace_id && 'its owners, admins and members ';
  const what = (
    <>
      {members}may {inWords(grant.permissions)}
      {grant.expires_at && <>; {isOver ? 'it ended on' : 'until'} <Deadline value={grant.expires_at} /></>}.
    </>
  );
  const icon = grant.workspace_id ? <Building2 aria-hidden size={18} /> : <User aria-hidden size={18} />;
  return (
    <Line icon={icon} who={grant.user_id === me.id ? 'You' : name} what={what}>
      {!isMine && (
        <div className="row">
          <Button variant="quiet" aria-label={`Change what ${name} may do`} onPress={() => setAsked('change')}>
            Change
          </Button>
          <Button variant="quiet" aria-label={`Stop sharing with ${name}`} onPress={() => setAsked('revoke')}>
            Stop sharing
          </Button>
        </div>
      )}
      {asked === 'change' && <ChangeGrantDialog grant={grant} name={name} onClose={close} />}
      {asked === 'revoke' && <StopSharing grant={grant} name={name} onClose={close} />}
    </Line>
  );
}

function StopSharing({ grant, name, onClose }: { grant: Grant; name: string; onClose: () => void }) {
  const reread = useRereadGrants(grant.credential_id);
  const revoke = useMutation({
    mutationFn: () => revokeGrant(grant),
    onSuccess: async () => {
      onClose();
      await reread();
    },
  });
  return (
    <ConfirmDialog title={`Stop sharing with ${name}?`} act="Stop sharing" danger mutation={revoke} onClose={onClose}>
      <p>It ends at once. What they have seen they may have kept: rotate the value if that matters.</p>
    </ConfirmDialog>
  );
}
