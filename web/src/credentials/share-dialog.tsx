// Sharing a credential with somebody, or with a workspace; and changing what was granted.
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { Schemas } from '../api.ts';
import { CheckboxGroup } from '../components/choices.tsx';
import { ComboBox } from '../components/combo-box.tsx';
import { Dialog } from '../components/dialog.tsx';
import { Loading, Notice } from '../components/feedback.tsx';
import { DialogForm } from '../components/form-dialog.tsx';
import { useMe } from '../session.tsx';
import { useWorkspaces } from '../workspaces/workspaces.ts';
import type { Credential, Permission } from './api.ts';
import { dayOf, endOfDay, ExpiryField } from './expiry.tsx';
import { createGrant, type Grant, updateGrant, useRereadGrants } from './grants.ts';
import { usePeople } from './people.ts';
import { PERMISSIONS } from './types.ts';

type ShareDialogProps = { credential: Credential; grants: readonly Grant[]; onClose: () => void };

export function ShareDialog({ credential, grants, onClose }: ShareDialogProps) {
  const grantees = useGrantees(credential, grants);
  const [chosen, setChosen] = useState<string>();
  const save = (set: Schemas['SetGrant']) => {
    const grantee = grantees?.find(({ id }) => id === chosen);
    if (!grantee) throw new Error('Choose somebody from the list.');
    return createGrant(credential.id, { ...grantee.as, ...set });
  };
  return (
    <Dialog title={`Share ${credential.name}`} onClose={onClose}>
      {!grantees ? (
        <Loading />
      ) : grantees.length === 0 ? (
        <Notice title="There is nobody to share it with yet">
          <p>People and service accounts with whom you share a workspace can be chosen here, and workspaces.</p>
        </Notice>
      ) : (
        <GrantForm credentialId={credential.id} act="Share" save={save} onClose={onClose}>
          <ComboBox
            label="With"
            isRequired
            autoFocus
            options={grantees}
            placeholder="A name"
            hint="Somebody with whom you share a workspace, or a workspace of yours: its owners, admins and members."
            onSelectionChange={(id) => setChosen(id === null ? undefined : `${id}`)}
          />
        </GrantForm>
      )}
    </Dialog>
  );
}

/** With whom it can be shared: not with oneself, and with nobody twice. */
function useGrantees({ workspace_id }: Credential, grants: readonly Grant[]) {
  const me = useMe();
  const { data: people } = usePeople();
  const { workspaces } = useWorkspaces();
  if (!people) return undefined;
  const taken = new Set([me.id, ...grants.map(({ user_id, workspace_id }) => user_id ?? workspace_id)]);
  const options = [
    ...people.map(({ user_id, display_name, email }) => ({
      id: user_id,
      label: display_name,
      detail: email ?? 'Service account',
      as: { user_id } as { user_id?: string; workspace_id?: string },
    })),
    ...workspaces.map(({ id, name }) => ({
      id,
      label: name,
      detail: id === workspace_id ? 'Its own workspace: its members as well' : 'Workspace',
      as: { workspace_id: id },
    })),
  ];
  return options.filter(({ id }) => !taken.has(id));
}

export function ChangeGrantDialog({ grant, name, onClose }: { grant: Grant; name: string; onClose: () => void }) {
  return (
    <Dialog title={`What ${name} may do`} onClose={onClose}>
      <GrantForm
        credentialId={grant.credential_id}
        grant={grant}
        act="Save"
        save={(set) => updateGrant(grant, set)}
        onClose={onClose}
      />
    </Dialog>
  );
}

type GrantFormProps = {
  credentialId: string;
  grant?: Grant;
  act: string;
  save: (set: Schemas['SetGrant']) => Promise<unknown>;
  onClose: () => void;
  children?: ReactNode;
};

function GrantForm({ credentialId, grant, act, save, onClose, children }: GrantFormProps) {
  const [permissions, setPermissions] = useState<Permission[]>(grant?.permissions ?? ['USE']);
  const [expires, setExpires] = useState(dayOf(grant?.expires_at));
  const reread = useRereadGrants(credentialId);
  const mutation = useMutation({
    mutationFn: async () => {
      const isSameDay = expires === dayOf(grant?.expires_at);
      return save({ permissions, expires_at: isSameDay ? grant?.expires_at : endOfDay(expires) });
    },
    onSuccess: async () => {
      await reread();
      onClose();
    },
  });
  return (
    <DialogForm act={act} mutation={mutation} onClose={onClose}>
      {children}
      <CheckboxGroup label="They may" isRequired options={PERMISSIONS} value={permissions} onChange={setPermissions} />
      <ExpiryField
        label="Until"
        hint="Access ends at the end of that day."
        none="Until it is revoked"
        value={expires}
        onChange={setExpires}
      />
    </DialogForm>
  );
}
