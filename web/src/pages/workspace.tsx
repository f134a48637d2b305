// One workspace: who is in it, its service accounts, and its end. What one's role does not allow is not offered.
import { KeyRound, ScrollText } from 'lucide-react';
import { useState } from 'react';
import type { Schemas } from '../api.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { Failure, Loading } from '../components/feedback.tsx';
import { Page } from '../components/page.tsx';
import { DeleteWorkspace, LeaveWorkspace, RenameWorkspace } from '../workspaces/dialogs.tsx';
import { Members } from '../workspaces/members.tsx';
import { administers, roleInWords } from '../workspaces/roles.ts';
import { ServiceAccounts } from '../workspaces/service-accounts.tsx';
import { isNotThere, useWorkspace } from '../workspaces/workspaces.ts';
import { NotFound } from './not-found.tsx';

export function Workspace() {
  const { data, error, refetch } = useWorkspace();
  if (isNotThere(error)) return <NotFound />;
  if (error && !data) {
    return (
      <Page title="Workspace">
        <Failure error={error} retry={refetch} />
      </Page>
    );
  }
  if (!data) return <Loading />;
  return <Whole workspace={data} />;
}

type Open = 'rename' | 'leave' | 'delete' | undefined;

function Whole({ workspace }: { workspace: Schemas['Workspace'] }) {
  const [open, setOpen] = useState<Open>();
  const { id, name, role } = workspace;
  const dialog = { workspace, onClose: () => setOpen(undefined) };
  const actions = (
    <>
      {administers(role) && <Button onPress={() => setOpen('rename')}>Rename</Button>}
      <Button onPress={() => setOpen('leave')}>Leave</Button>
      {role === 'OWNER' && <Button onPress={() => setOpen('delete')}>Delete</Button>}
    </>
  );
  return (
    <Page
      title={name}
      lead={`Your role: ${roleInWords(role)}`}
      actions={actions}
      parent={{ to: '/workspaces', title: 'Workspaces' }}
    >
      <div className="row">
        <ButtonLink to={`/credentials?workspace=${id}`}>
          <KeyRound aria-hidden size={16} />
          Its credentials
        </ButtonLink>
        {administers(role) && (
          <ButtonLink to={`/audit?workspace_id=${id}`}>
            <ScrollText aria-hidden size={16} />
            Activity
          </ButtonLink>
        )}
      </div>
      <Members workspace={workspace} />
      {administers(role) && <ServiceAccounts workspace={workspace} />}
      {open === 'rename' && <RenameWorkspace {...dialog} />}
      {open === 'leave' && <LeaveWorkspace {...dialog} />}
      {open === 'delete' && <DeleteWorkspace {...dialog} />}
    </Page>
  );
}
