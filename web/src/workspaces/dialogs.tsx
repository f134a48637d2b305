// What is done to a workspace as a whole, each behind a dialog: renaming, leaving, deleting.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { api, ask, Refusal, type Schemas } from '../api.ts';
import { ConfirmDialog } from '../components/dialog.tsx';
import { Failure, Loading, Notice, sentence } from '../components/feedback.tsx';
import { TextField } from '../components/fields.tsx';
import { FormDialog } from '../components/form-dialog.tsx';
import { useMe } from '../session.tsx';
import { shownName } from '../shown-name.ts';
import { WORKSPACES } from './workspaces.ts';

type DialogProps = { workspace: Schemas['Workspace']; onClose: () => void };

export function RenameWorkspace({ workspace, onClose }: DialogProps) {
  const [name, setName] = useState(workspace.name);
  const client = useQueryClient();
  const rename = useMutation({
    mutationFn: () =>
      ask(api.PATCH('/api/workspaces/{id}', { params: { path: { id: workspace.id } }, body: { name: name.trim() } })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: WORKSPACES });
      onClose();
    },
  });
  return (
    <FormDialog title="Rename the workspace" act="Rename" mutation={rename} onClose={onClose}>
      <TextField label="Name" isRequired maxLength={255} value={name} onChange={setName} />
    </FormDialog>
  );
}

export function LeaveWorkspace({ workspace, onClose }: DialogProps) {
  const me = useMe();
  const gone = useGone(workspace.id);
  const path = { id: workspace.id, user_id: me.id };
  const leave = useMutation({
    mutationFn: () => ask(api.DELETE('/api/workspaces/{id}/members/{user_id}', { params: { path } })),
    onSuccess: gone,
  });
  return (
    <ConfirmDialog title={`Leave ${workspace.name}?`} act="Leave" danger mutation={leave} onClose={onClose}>
      <p>What was shared with you through it is no longer yours to see, nor what you shared with it theirs.</p>
      <p>You come back when one of its owners or admins adds you again.</p>
    </ConfirmDialog>
  );
}

export function DeleteWorkspace({ workspace, onClose }: DialogProps) {
  const [typed, setTyped] = useState('');
  const { id, name } = workspace;
  const gone = useGone(id);
  const wouldGo = useQuery({ queryKey: [...WORKSPACES, id, 'contents'], queryFn: () => whatWouldGo(id), gcTime: 0 });
  const remove = useMutation({
    mutationFn: () => destroy(id, name),
    onSuccess: gone,
  });
  return (
    <FormDialog title={`Delete ${name}?`} act="Delete for good" danger mutation={remove} onClose={onClose}>
      <Notice tone="warning" title="This cannot be undone">
        {wouldGo.isPending && <Loading />}
        {wouldGo.error && <Failure error={wouldGo.error} />}
        {wouldGo.data && <p>{sentence(wouldGo.data)}</p>}
      </Notice>
      <TextField
        label={`Type ${asRead(name)} to confirm`}
        isRequired
        autoComplete="off"
        validate={(text) => (asRead(text) === asRead(name) ? null : 'That is not its name.')}
        value={typed}
        onChange={setTyped}
      />
    </FormDialog>
  );
}

/** A name as somebody reads it, and types it: several spaces are one on the screen. */
function asRead(name: string): string {
  return shownName(name).replace(/\s+/g, ' ').trim();
}

/** Without its name, nothing is deleted: the refusal says what would be, and then what a program is to send. */
async function whatWouldGo(id: string): Promise<string> {
  try {
    await ask(api.DELETE('/api/workspaces/{id}', { params: { path: { id } } }));
    return '';
  } catch (error) {
    if (!isUnconfirmed(error)) throw error;
    return error.message.replace(/; to confirm it,.*$/, '');
  }
}

async function destroy(id: string, confirm: string): Promise<void> {
  try {
    await ask(api.DELETE('/api/workspaces/{id}', { params: { path: { id }, query: { confirm } } }));
  } catch (error) {
    if (!isUnconfirmed(error)) throw error;
    throw new Error('It has been renamed meanwhile. Nothing was deleted: load this page again.');
  }
}

function isUnconfirmed(error: unknown): error is Refusal {
  return error instanceof Refusal && error.code === 'confirmation-required';
}

/** The workspace is one's own no more: nothing of it stays here, nor does whoever is on its page yet. */
function useGone(id: string) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    if (location.pathname.startsWith(`/workspaces/${id}`)) await navigate('/workspaces', { replace: true });
    await client.resetQueries({ queryKey: WORKSPACES });
  };
}
