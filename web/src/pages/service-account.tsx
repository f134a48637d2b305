// One service account: its tokens, the workloads that it trusts, and its end.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { api, ask, type Schemas } from '../api.ts';
import { Button } from '../components/button.tsx';
import { CopyButton } from '../components/copy.tsx';
import { ConfirmDialog } from '../components/dialog.tsx';
import { Failure, Loading, Notice } from '../components/feedback.tsx';
import { Facts } from '../components/facts.tsx';
import { Page } from '../components/page.tsx';
import { allPages } from '../paging.ts';
import { thenGo } from '../then-go.ts';
import { AccountTokens } from '../workspaces/account-tokens.tsx';
import { administers, governs, roleInWords } from '../workspaces/roles.ts';
import { TrustRules } from '../workspaces/trust-rules.tsx';
import { type AccountPath, isNotThere, useWorkspace, WORKSPACES } from '../workspaces/workspaces.ts';
import { NotFound } from './not-found.tsx';

type Account = Schemas['ServiceAccount'];

export function ServiceAccount() {
  const { id = '', accountId = '' } = useParams();
  const workspace = useWorkspace();
  const isMine = workspace.data && administers(workspace.data.role);
  const account = useQuery({
    queryKey: [...WORKSPACES, id, 'service-accounts', accountId],
    queryFn: () => find(id, accountId),
    enabled: isMine,
  });
  const error = workspace.error ?? account.error;
  if (isNotThere(error) || isMine === false || account.data === null) return <NotFound />;
  // What was read stays, and with it a token that is shown this once.
  if (error && !(workspace.data && account.data)) {
    return (
      <Page title="Service account">
        <Failure error={error} retry={() => (workspace.error ? workspace : account).refetch()} />
      </Page>
    );
  }
  if (!workspace.data || !account.data) return <Loading />;
  return <Whole workspace={workspace.data} account={account.data} />;
}

/** The API has lists of them alone. */
async function find(id: string, accountId: string): Promise<Account | null> {
  const accounts = await allPages((cursor) =>
    ask(api.GET('/api/workspaces/{id}/service-accounts', { params: { path: { id }, query: { cursor, limit: 100 } } })),
  );
  return accounts.find((account) => account.id === accountId) ?? null;
}

function Whole({ workspace, account }: { workspace: Schemas['Workspace']; account: Account }) {
  const [isEnding, setEnding] = useState(false);
  const canDisable = account.role && governs(workspace.role, account.role);
  const path = { id: workspace.id, account_id: account.id };
  return (
    <Page
      title={account.name}
      lead={account.description}
      parent={{ to: `/workspaces/${workspace.id}`, title: workspace.name }}
      actions={canDisable && <Button onPress={() => setEnding(true)}>Disable</Button>}
    >
      {!account.role && (
        <Notice title="It is disabled">
          <p>Its tokens and its membership have ended. What it did stays in the record.</p>
        </Notice>
      )}
      <section className="card">
        <Facts
          facts={{
            Role: account.role && roleInWords(account.role),
            Id: (
              <span className="row">
                <code>{account.id}</code>
                <CopyButton text={account.id} label="Copy the id" />
              </span>
            ),
          }}
        />
      </section>
      <AccountTokens path={path} isLive={Boolean(account.role)} />
      {account.role && <TrustRules path={path} />}
      {isEnding && <Disable path={path} name={account.name} onClose={() => setEnding(false)} />}
    </Page>
  );
}

function Disable({ path, name, onClose }: { path: AccountPath; name: string; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const disable = useMutation({
    mutationFn: () => ask(api.DELETE('/api/workspaces/{id}/service-accounts/{account_id}', { params: { path } })),
    onSuccess: () => client.invalidateQueries({ queryKey: WORKSPACES }),
  });
  const disableAndGo = thenGo(disable, () => navigate(`/workspaces/${path.id}`));
  return (
    <ConfirmDialog title={`Disable ${name}?`} act="Disable" danger mutation={disableAndGo} onClose={onClose}>
      <p>Its tokens, its membership and what is shared with it end at once, and for good. What it did stays in the record.</p>
    </ConfirmDialog>
  );
}
