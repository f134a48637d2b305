// The service accounts of a workspace, for its owners and admins: those that there are, and new ones.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Bot } from 'lucide-react';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { api, ask, type Schemas } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Badge, EmptyState } from '../components/feedback.tsx';
import { TextField } from '../components/fields.tsx';
import { FormDialog } from '../components/form-dialog.tsx';
import { List, useList } from '../components/list.tsx';
import { Section } from '../components/page.tsx';
import { TableHead } from '../components/table-head.tsx';
import { Time } from '../components/time.tsx';
import { shownName } from '../shown-name.ts';
import { thenGo } from '../then-go.ts';
import { roleInWords } from './roles.ts';
import { WORKSPACES } from './workspaces.ts';

type Workspace = Schemas['Workspace'];

export function ServiceAccounts({ workspace: { id } }: { workspace: Workspace }) {
  const [isNew, setNew] = useState(false);
  const list = useList([...WORKSPACES, id, 'service-accounts'], (cursor) =>
    ask(api.GET('/api/workspaces/{id}/service-accounts', { params: { path: { id }, query: { cursor } } })),
  );
  const create = <Button onPress={() => setNew(true)}>New service account</Button>;
  return (
    <Section
      title="Service accounts"
      lead="Programs and agents that work for the workspace, each with an identity of its own."
      actions={create}
    >
      <List
        list={list}
        nouns={['service account', 'service accounts']}
        empty={
          <EmptyState icon={<Bot size={28} />} title="No service accounts yet">
            <p>A service account gets what is shared with it, and leaves its own traces in the record.</p>
          </EmptyState>
        }
      >
        {(accounts) => <AccountTable workspaceId={id} accounts={accounts} />}
      </List>
      {isNew && <NewServiceAccount workspaceId={id} onClose={() => setNew(false)} />}
    </Section>
  );
}

function AccountTable({ workspaceId, accounts }: { workspaceId: string; accounts: Schemas['ServiceAccount'][] }) {
  return (
    <table className="table">
      <TableHead columns={['Name', 'Role', 'Created']} />
      <tbody>
        {accounts.map(({ id, name, description, role, created_at }) => (
          <tr key={id}>
            <td data-label="Name">
              <span>
                <Link to={`/workspaces/${workspaceId}/service-accounts/${id}`}>{shownName(name)}</Link>
                {description && <span className="hint block">{description}</span>}
              </span>
            </td>
            <td data-label="Role">{role ? roleInWords(role) : <Badge tone="danger">Disabled</Badge>}</td>
            <td data-label="Created">
              <Time value={created_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function NewServiceAccount({ workspaceId, onClose }: { workspaceId: string; onClose: () => void }) {
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const client = useQueryClient();
  const navigate = useNavigate();
  const body = { name: name.trim(), description: description.trim() || null };
  const create = useMutation({
    mutationFn: () => ask(api.POST('/api/workspaces/{id}/service-accounts', { params: { path: { id: workspaceId } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: WORKSPACES }),
  });
  const createAndGo = thenGo(create, ({ id }) => navigate(`/workspaces/${workspaceId}/service-accounts/${id}`));
  return (
    <FormDialog title="New service account" act="Create service account" mutation={createAndGo} onClose={onClose}>
      <TextField
        label="Name"
        hint="What it does: Deployer, nightly backup."
        isRequired
        maxLength={255}
        value={name}
        onChange={setName}
      />
      <TextField label="Description" rows={2} maxLength={2000} value={description} onChange={setDescription} />
      <p className="hint">
        It starts as a member: it gets what is shared with it. As an admin, it gets all of the workspace's credentials.
      </p>
    </FormDialog>
  );
}
