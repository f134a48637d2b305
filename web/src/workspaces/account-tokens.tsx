// The tokens of a service account. Each is limited to the account's workspace by being its token.
import { Bot } from 'lucide-react';
import { useState } from 'react';
import { api, ask } from '../api.ts';
import { Button } from '../components/button.tsx';
import { EmptyState } from '../components/feedback.tsx';
import { List, useList } from '../components/list.tsx';
import { Section } from '../components/page.tsx';
import { NewTokenDialog } from '../tokens/new-token-dialog.tsx';
import { Actions, NameAndExpiry, ProviderLimit } from '../tokens/token-fields.tsx';
import { TokenTable } from '../tokens/token-table.tsx';
import { type AccountPath, WORKSPACES } from './workspaces.ts';

const TOKENS = '/api/workspaces/{id}/service-accounts/{account_id}/tokens';

export function AccountTokens({ path, isLive }: { path: AccountPath; isLive: boolean }) {
  const [isNew, setNew] = useState(false);
  const key = [...WORKSPACES, path.id, 'service-accounts', path.account_id, 'tokens'];
  const list = useList(key, (cursor) => ask(api.GET(TOKENS, { params: { path, query: { cursor } } })));
  const revoke = (token_id: string) => ask(api.DELETE(`${TOKENS}/{token_id}`, { params: { path: { ...path, token_id } } }));
  const create = isLive && (
    <Button variant="primary" onPress={() => setNew(true)}>
      New token
    </Button>
  );
  return (
    <Section title="Tokens" actions={create}>
      <List
        list={list}
        nouns={['token', 'tokens']}
        empty={
          <EmptyState icon={<Bot size={28} />} title="No tokens yet">
            <p>
              If the workload has its own identity (CI, Kubernetes), trust that instead. Then there is no token to leak.
            </p>
          </EmptyState>
        }
      >
        {(tokens) => <TokenTable tokens={tokens} list={key} revoke={revoke} />}
      </List>
      {isNew && (
        <NewTokenDialog
          create={(body) => ask(api.POST(TOKENS, { params: { path }, body }))}
          list={key}
          onClose={() => setNew(false)}
        >
          {({ draft, onChange }) => (
            <>
              <NameAndExpiry draft={draft} onChange={onChange} />
              <Actions draft={draft} onChange={onChange} />
              <ProviderLimit value={draft.provider} onChange={(provider) => onChange({ ...draft, provider })} />
            </>
          )}
        </NewTokenDialog>
      )}
    </Section>
  );
}
