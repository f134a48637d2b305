// What one signs in with at the OpenID provider: linking one, and taking one away.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask, type Schemas } from '../api.ts';
import { Button } from '../components/button.tsx';
import { ConfirmDialog } from '../components/dialog.tsx';
import { Failure } from '../components/feedback.tsx';
import { List, useList } from '../components/list.tsx';
import { Section } from '../components/page.tsx';
import { TableHead } from '../components/table-head.tsx';
import { Time } from '../components/time.tsx';
import { CameBack } from './came-back.tsx';

type Identity = Schemas['Identity'];

const IDENTITIES = ['identities'];

export function Identities() {
  const [leaving, setLeaving] = useState<Identity>();
  const { data: ways } = useQuery({ queryKey: ['sign-in-ways'], queryFn: () => ask(api.GET('/api/auth')) });
  const list = useList(IDENTITIES, (cursor) => ask(api.GET('/api/identities', { params: { query: { cursor } } })));
  const link = useMutation({
    mutationFn: () => ask(api.POST('/api/identities/link', { body: { return_to: '/settings' } })),
    onSuccess: ({ url }) => location.assign(url),
  });
  // Those that are linked are shown even where the provider is gone: they would sign in again were it named again.
  const hasSome = list.data?.pages.some((page) => page.items.length > 0);
  if (!ways?.oidc && !hasSome) return null;
  const act = ways?.oidc && (
    <Button isPending={link.isPending} onPress={() => link.mutate()}>
      Link {ways.oidc.name}
    </Button>
  );
  return (
    <Section title="Single sign-on" lead="Identities at your provider that sign you in here." actions={act}>
      <CameBack />
      {link.error && <Failure error={link.error} />}
      <List list={list} nouns={['identity', 'identities']} empty={<p className="muted">None is linked yet.</p>}>
        {(identities) => <IdentityTable identities={identities} onUnlink={setLeaving} />}
      </List>
      {leaving && <Unlink identity={leaving} onClose={() => setLeaving(undefined)} />}
    </Section>
  );
}

function IdentityTable({ identities, onUnlink }: { identities: Identity[]; onUnlink: (identity: Identity) => void }) {
  return (
    <table className="table">
      <TableHead columns={['Known there as', 'Provider', 'Linked']} hasActions />
      <tbody>
        {identities.map((identity) => (
          <tr key={identity.id}>
            <td data-label="Known there as">
              <strong>{identity.subject}</strong>
            </td>
            <td data-label="Provider">{identity.issuer}</td>
            <td data-label="Linked">
              <Time value={identity.created_at} />
            </td>
            <td className="actions">
              <Button aria-label={`Unlink ${identity.subject}`} onPress={() => onUnlink(identity)}>
                Unlink
              </Button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Unlink({ identity, onClose }: { identity: Identity; onClose: () => void }) {
  const client = useQueryClient();
  const unlink = useMutation({
    mutationFn: () => ask(api.DELETE('/api/identities/{id}', { params: { path: { id: identity.id } } })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: IDENTITIES });
      onClose();
    },
  });
  return (
    <ConfirmDialog title={`Unlink ${identity.subject}?`} act="Unlink" danger mutation={unlink} onClose={onClose}>
      <p>It no longer signs you in. Make sure that you have another way in: a password, or another identity.</p>
      <p>Sessions that it began live on: end them on the Sessions page, if they are to end.</p>
    </ConfirmDialog>
  );
}
