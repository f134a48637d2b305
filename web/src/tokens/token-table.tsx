// Tokens, without their secrets: what each may do, when it was used, until when it lives; and revoking one.
import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Schemas } from '../api.ts';
import { Button } from '../components/button.tsx';
import { ConfirmDialog } from '../components/dialog.tsx';
import { Badge } from '../components/feedback.tsx';
import { TableHead } from '../components/table-head.tsx';
import { Time } from '../components/time.tsx';
import { providerName } from '../providers/providers.ts';
import { shownName } from '../shown-name.ts';
import { actionsInWords, ALL_ACTIONS } from './actions.ts';

type Token = Schemas['ApiTokenSummary'];

type TokenTableProps = {
  tokens: Token[];
  /** The list that they are from. */
  list: QueryKey;
  revoke: (id: string) => Promise<unknown>;
  workspaceName?: (id: string) => string;
};

export function TokenTable({ tokens, list, revoke, workspaceName }: TokenTableProps) {
  const [chosen, choose] = useState<Token>();
  return (
    <>
      <table className="table">
        <TableHead columns={['Name', 'May', 'Last used', 'Expires']} hasActions />
        <tbody>
          {tokens.map((token) => (
            <tr key={token.id}>
              <td data-label="Name">
                <strong>{shownName(token.name)}</strong>
              </td>
              <td data-label="May">
                <Reach token={token} workspaceName={workspaceName} />
              </td>
              <td data-label="Last used">{token.last_used_at ? <Time value={token.last_used_at} /> : 'Never'}</td>
              <td data-label="Expires">
                <State token={token} />
              </td>
              <td className="actions">
                {isLive(token) && (
                  <Button aria-label={`Revoke ${token.name}`} onPress={() => choose(token)}>
                    Revoke
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {chosen && <RevokeDialog token={chosen} list={list} revoke={revoke} onClose={() => choose(undefined)} />}
    </>
  );
}

function Reach({ token, workspaceName }: { token: Token; workspaceName: TokenTableProps['workspaceName'] }) {
  const limits = [
    token.workspace_id && workspaceName && `in ${shownName(workspaceName(token.workspace_id))}`,
    token.provider && `for ${providerName(token.provider)}`,
  ].filter(Boolean);
  return (
    <span>
      {actionsInWords(token.actions)}
      {limits.length > 0 && <span className="hint block">Only {limits.join(', ')}</span>}
      {limits.length === 0 && workspaceName && token.actions.length === ALL_ACTIONS.length && (
        <span className="hint block">And all else that you may</span>
      )}
    </span>
  );
}

function State({ token }: { token: Token }) {
  if (token.revoked_at) return <Badge tone="danger">Revoked</Badge>;
  if (!isLive(token)) return <Badge tone="warning">Expired</Badge>;
  return <Time value={token.expires_at} />;
}

function isLive(token: Token): boolean {
  return !token.revoked_at && Date.parse(token.expires_at) > Date.now();
}

function RevokeDialog({
  token,
  list,
  revoke,
  onClose,
}: Pick<TokenTableProps, 'list' | 'revoke'> & { token: Token; onClose: () => void }) {
  const client = useQueryClient();
  const mutation = useMutation({
    mutationFn: () => revoke(token.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: list });
      onClose();
    },
  });
  return (
    <ConfirmDialog title={`Revoke ${token.name}?`} act="Revoke" danger mutation={mutation} onClose={onClose}>
      <p>Whatever uses this token is refused from now on. This cannot be undone: create a new token instead.</p>
    </ConfirmDialog>
  );
}
