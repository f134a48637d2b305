// The workspaces that one is in, and creating another.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Boxes } from 'lucide-react';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { api, ask, type Schemas } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Badge, EmptyState } from '../components/feedback.tsx';
import { TextField } from '../components/fields.tsx';
import { FormDialog } from '../components/form-dialog.tsx';
import { List, useList } from '../components/list.tsx';
import { Page } from '../components/page.tsx';
import { Time } from '../components/time.tsx';
import { shownName } from '../shown-name.ts';
import { thenGo } from '../then-go.ts';
import { roleInWords } from '../workspaces/roles.ts';
import { WORKSPACES } from '../workspaces/workspaces.ts';

export function Workspaces() {
  const [isNew, setNew] = useState(false);
  const list = useList([...WORKSPACES, 'list'], (cursor) => ask(api.GET('/api/workspaces', { params: { query: { cursor } } })));
  const create = (
    <Button variant="primary" onPress={() => setNew(true)}>
      New workspace
    </Button>
  );
  return (
    <Page title="Workspaces" lead="A workspace holds credentials that belong to a team, not to a person." actions={create}>
      <List
        list={list}
        nouns={['workspace', 'workspaces']}
        empty={
          <EmptyState icon={<Boxes size={28} />} title="You are in no workspace yet">
            <p>Create one for your team, or ask its owner to add you: your id is on your Settings page.</p>
          </EmptyState>
        }
      >
        {(workspaces) => <Cards workspaces={workspaces} />}
      </List>
      {isNew && <NewWorkspace onClose={() => setNew(false)} />}
    </Page>
  );
}

function Cards({ workspaces }: { workspaces: Schemas['Workspace'][] }) {
  return (
    <ul className="cards">
      {workspaces.map(({ id, name, role, created_at }) => (
        <li key={id} className="card linked">
          <div className="row spread">
            <h2>
              <Link to={`/workspaces/${id}`}>{shownName(name)}</Link>
            </h2>
            <Badge tone="info">{roleInWords(role)}</Badge>
          </div>
          <p className="hint">
            Created <Time value={created_at} />
          </p>
        </li>
      ))}
    </ul>
  );
}

function NewWorkspace({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const client = useQueryClient();
  const navigate = useNavigate();
  const create = useMutation({
    mutationFn: () => ask(api.POST('/api/workspaces', { body: { name: name.trim() } })),
    onSuccess: () => client.invalidateQueries({ queryKey: WORKSPACES }),
  });
  const createAndGo = thenGo(create, ({ id }) => navigate(`/workspaces/${id}`));
  return (
    <FormDialog title="New workspace" act="Create workspace" mutation={createAndGo} onClose={onClose}>
      <TextField label="Name" hint="You become its owner." isRequired maxLength={255} value={name} onChange={setName} />
    </FormDialog>
  );
}
