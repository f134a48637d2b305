// One's own API tokens: what they may do, new ones, and their end.
import { Bot } from 'lucide-react';
import { useState } from 'react';
import { api, ask } from '../api.ts';
import { Button } from '../components/button.tsx';
import { EmptyState } from '../components/feedback.tsx';
import { List, useList } from '../components/list.tsx';
import { Page } from '../components/page.tsx';
import { NewTokenDialog } from '../tokens/new-token-dialog.tsx';
import { Actions, FullReach, Limits, NameAndExpiry } from '../tokens/token-fields.tsx';
import { TokenTable } from '../tokens/token-table.tsx';
import { useWorkspaces } from '../workspaces/workspaces.ts';

const TOKENS = ['tokens'];

export function Tokens() {
  const [isNew, setNew] = useState(false);
  const { workspaces, nameOf } = useWorkspaces();
  const list = useList(TOKENS, (cursor) => ask(api.GET('/api/tokens', { params: { query: { cursor } } })));
  const create = (
    <Button variant="primary" onPress={() => setNew(true)}>
      New token
    </Button>
  );
  return (
    <Page
      title="API tokens"
      lead="Programs and command lines act as you with a token. Give each its own, and no more than it needs."
      actions={create}
    >
      <List
        list={list}
        nouns={['token', 'tokens']}
        empty={
          <EmptyState icon={<Bot size={28} />} title="No tokens yet">
            <p>A token lets a program get values without your password. Revoke it whenever you like.</p>
          </EmptyState>
        }
      >
        {(tokens) => <TokenTable tokens={tokens} list={TOKENS} revoke={revoke} workspaceName={nameOf} />}
      </List>
      {isNew && (
        <NewTokenDialog create={(body) => ask(api.POST('/api/tokens', { body }))} list={TOKENS} onClose={() => setNew(false)}>
          {(draft) => (
            <>
              <NameAndExpiry {...draft} />
              <Actions {...draft} />
              <Limits {...draft} workspaces={workspaces} />
              <FullReach {...draft} />
            </>
          )}
        </NewTokenDialog>
      )}
    </Page>
  );
}

function revoke(id: string) {
  return ask(api.DELETE('/api/tokens/{id}', { params: { path: { id } } }));
}
