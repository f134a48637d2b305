// Who is in a workspace; adding people, giving them another role, taking them out.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask, type Schemas } from '../api.ts';
import { Button } from '../components/button.tsx';
import { RadioGroup } from '../components/choices.tsx';
import { ConfirmDialog } from '../components/dialog.tsx';
import { Badge } from '../components/feedback.tsx';
import { TextField } from '../components/fields.tsx';
import { FormDialog } from '../components/form-dialog.tsx';
import { List, useList } from '../components/list.tsx';
import { Section } from '../components/page.tsx';
import { TableHead } from '../components/table-head.tsx';
import { allMembers } from '../credentials/people.ts';
import { useMe } from '../session.tsx';
import { shownName } from '../shown-name.ts';
import { administers, governs, type Role, roleInWords, rolesToGive } from './roles.ts';
import { WORKSPACES } from './workspaces.ts';

type Workspace = Schemas['Workspace'];
type Member = Schemas['Member'];
type Open = { act: 'add' } | { act: 'role' | 'remove'; member: Member } | undefined;

export function Members({ workspace }: { workspace: Workspace }) {
  const [open, setOpen] = useState<Open>();
  const { id, role } = workspace;
  const list = useList([...WORKSPACES, id, 'members'], (cursor) =>
    ask(api.GET('/api/workspaces/{id}/members', { params: { path: { id }, query: { cursor } } })),
  );
  const add = administers(role) && (
    <Button variant="primary" onPress={() => setOpen({ act: 'add' })}>
      Add a member
    </Button>
  );
  const onClose = () => setOpen(undefined);
  return (
    <Section title="Members" actions={add}>
      <List list={list} nouns={['member', 'members']} empty={null}>
        {(members) => <MemberTable members={members} role={role} onOpen={setOpen} />}
      </List>
      {open?.act === 'add' && <AddMember workspace={workspace} onClose={onClose} />}
      {open?.act === 'role' && <ChangeRole workspace={workspace} member={open.member} onClose={onClose} />}
      {open?.act === 'remove' && <RemoveMember workspace={workspace} member={open.member} onClose={onClose} />}
    </Section>
  );
}

function MemberTable({ members, role, onOpen }: { members: Member[]; role: Role; onOpen: (open: Open) => void }) {
  const me = useMe();
  return (
    <table className="table">
      <TableHead columns={['Name', 'Role']} hasActions={administers(role)} />
      <tbody>
        {members.map((member) => (
          <tr key={member.user_id}>
            <td data-label="Name">
              <span>
                <strong>{shownName(member.display_name)}</strong> {member.user_id === me.id && <Badge>You</Badge>}
                <span className="hint block">{member.email ?? 'Service account'}</span>
              </span>
            </td>
            <td data-label="Role">{roleInWords(member.role)}</td>
            {administers(role) && (
              <td className="actions">
                {member.user_id !== me.id && governs(role, member.role) && (
                  <span className="row end">
                    <Button aria-label={`Change role of ${member.display_name}`} onPress={() => onOpen({ act: 'role', member })}>
                      Change role
                    </Button>
                    <Button aria-label={`Remove ${member.display_name}`} onPress={() => onOpen({ act: 'remove', member })}>
                      Remove
                    </Button>
                  </span>
                )}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type DialogProps = { workspace: Workspace; onClose: () => void };

function AddMember({ workspace, onClose }: DialogProps) {
  const [id, setId] = useState('');
  const [role, setRole] = useState<Role>('MEMBER');
  const userId = id.trim().toLowerCase();
  const add = useSetRole(workspace, userId, role, onClose, () => refuseMember(workspace.id, userId));
  return (
    <FormDialog title="Add a member" act="Add" mutation={add} onClose={onClose}>
      <TextField
        label="Their id"
        hint="Everybody finds their own on their Settings page. Ask for it: nobody can look up strangers here."
        isRequired
        mono
        autoComplete="off"
        placeholder="0199d4a1-7c3e-7b52-9d02-5f2a6c8e4b12"
        validate={(text) => (UUID.test(text.trim()) ? null : 'An id is 32 digits and letters, with hyphens between.')}
        value={id}
        onChange={setId}
      />
      <RadioGroup label="Role" options={rolesToGive(workspace.role)} value={role} onChange={setRole} />
    </FormDialog>
  );
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** To the API, adding is giving a role: an owner who is added again would be one no more. */
async function refuseMember(workspaceId: string, userId: string): Promise<void> {
  const members = await allMembers(workspaceId);
  if (!members.some(({ user_id }) => user_id === userId)) return;
  throw new Error('They are a member already. Their role is changed in the list of members.');
}

function ChangeRole({ workspace, member, onClose }: DialogProps & { member: Member }) {
  const [role, setRole] = useState<Role>(member.role);
  const change = useSetRole(workspace, member.user_id, role, onClose);
  return (
    <FormDialog title={`The role of ${member.display_name}`} act="Change role" mutation={change} onClose={onClose}>
      <RadioGroup label="Role" options={rolesToGive(workspace.role)} value={role} onChange={setRole} />
    </FormDialog>
  );
}

function useSetRole(workspace: Workspace, userId: string, role: Role, onDone: () => void, check?: () => Promise<void>) {
  const client = useQueryClient();
  const path = { id: workspace.id, user_id: userId };
  return useMutation({
    mutationFn: async () => {
      await check?.();
      return ask(api.PUT('/api/workspaces/{id}/members/{user_id}', { params: { path }, body: { role } }));
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: WORKSPACES });
      onDone();
    },
  });
}

function RemoveMember({ workspace, member, onClose }: DialogProps & { member: Member }) {
  const client = useQueryClient();
  const path = { id: workspace.id, user_id: member.user_id };
  const remove = useMutation({
    mutationFn: () => ask(api.DELETE('/api/workspaces/{id}/members/{user_id}', { params: { path } })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: WORKSPACES });
      onClose();
    },
  });
  return (
    <ConfirmDialog title={`Remove ${member.display_name}?`} act="Remove" danger mutation={remove} onClose={onClose}>
      <p>
        They see nothing of {shownName(workspace.name)} any more, and what was shared with them through it ends. Rotate what they
        know and should not use.
      </p>
    </ConfirmDialog>
  );
}
