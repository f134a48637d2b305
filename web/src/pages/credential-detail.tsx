// One credential: everything that is known of it but the value, who can see it, and what can be done with it.
import { useMutation } from '@tanstack/react-query';
import { Ban, Eye, Pencil, RefreshCw, Undo2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useParams } from 'react-router';
import { Button, ButtonLink } from '../components/button.tsx';
import { ConfirmDialog } from '../components/dialog.tsx';
import { Failure, Loading, Notice } from '../components/feedback.tsx';
import { Facts } from '../components/facts.tsx';
import { Page } from '../components/page.tsx';
import { Deadline, Time } from '../components/time.tsx';
import { Access } from '../credentials/access.tsx';
import { type Credential, useCredential, useRereadCredentials, useVault } from '../credentials/api.ts';
import { Badges } from '../credentials/badges.tsx';
import { isGone, Unseen } from '../credentials/unseen.tsx';
import { Tags, Whose } from '../credentials/list.tsx';
import { ProviderIcon } from '../providers/provider-icon.tsx';
import { providerName } from '../providers/providers.ts';
import { RevealDialog } from '../credentials/reveal-dialog.tsx';
import { RotateDialog } from '../credentials/rotate-dialog.tsx';
import { typeLabel } from '../credentials/types.ts';
import { Versions } from '../credentials/versions.tsx';

export function CredentialDetail() {
  const { id = '' } = useParams();
  const { data: credential, error, refetch } = useCredential(id);
  // What was read stays, and with it what somebody is typing in a dialog.
  if (error && (!credential || isGone(error))) return <Unseen error={error} retry={refetch} />;
  if (!credential) return <Loading />;
  return <Detail credential={credential} failure={error && <Failure error={error} retry={refetch} />} />;
}

/** `failure` is why it could not be read anew. */
function Detail({ credential, failure }: { credential: Credential; failure: ReactNode }) {
  const { pages, isSystem } = useVault();
  const { name, provider, type } = credential;
  return (
    <Page
      title={name}
      icon={<ProviderIcon provider={provider} />}
      lead={
        <>
          {providerName(provider)} · {typeLabel(type)} · <Whose credential={credential} />
        </>
      }
      parent={{ to: pages, title: isSystem ? 'Admin secrets' : 'Credentials' }}
      actions={<Badges credential={credential} />}
    >
      {failure}
      <ValueCard credential={credential} />
      <div className="columns">
        <div className="stack">
          <Known credential={credential} />
          <Versions credential={credential} />
        </div>
        <Access credential={credential} />
      </div>
    </Page>
  );
}

type Act = 'reveal' | 'rotate' | 'revoke';

/** The masked value, and what one may do. */
function ValueCard({ credential }: { credential: Credential }) {
  const { pages } = useVault();
  const [act, setAct] = useState<Act>();
  const [isRevokedHere, setRevokedHere] = useState(false);
  const close = () => setAct(undefined);
  const { id, permissions, is_active, masked_value } = credential;
  const reveals = permissions.includes('REVEAL');
  const manages = permissions.includes('MANAGE');
  return (
    <section className="card" aria-label="Value">
      <div className="row spread">
        <code className="masked-value">{masked_value}</code>
        <div className="row">
          {is_active && reveals && (
            <Button variant="primary" onPress={() => setAct('reveal')}>
              <Eye aria-hidden size={16} /> Reveal
            </Button>
          )}
          {is_active && manages && (
            <>
              <Button onPress={() => setAct('rotate')}>
                <RefreshCw aria-hidden size={16} /> Rotate
              </Button>
              <ButtonLink to={`${pages}/${id}/edit`}>
                <Pencil aria-hidden size={16} /> Edit
              </ButtonLink>
              <Button onPress={() => setAct('revoke')}>
                <Ban aria-hidden size={16} /> Revoke
              </Button>
            </>
          )}
        </div>
      </div>
      {!is_active && <Revoked credential={credential} takesFocus={isRevokedHere} />}
      {is_active && !reveals && <p className="hint">You cannot reveal this value. Ask the person who shared it.</p>}
      {act === 'reveal' && <RevealDialog credential={credential} onClose={close} />}
      {act === 'rotate' && <RotateDialog credential={credential} onClose={close} />}
      {act === 'revoke' && <Revoke credential={credential} onRevoked={() => setRevokedHere(true)} onClose={close} />}
    </section>
  );
}

type RevokeProps = { credential: Credential; onRevoked: () => void; onClose: () => void };

function Revoke({ credential, onRevoked, onClose }: RevokeProps) {
  const vault = useVault();
  const reread = useRereadCredentials();
  const revoke = useMutation({
    mutationFn: () => vault.revoke(credential),
    onSuccess: async () => {
      onRevoked();
      onClose();
      await reread();
    },
    onError: () => reread(),
  });
  return (
    <ConfirmDialog title={`Revoke ${credential.name}?`} act="Revoke" danger mutation={revoke} onClose={onClose}>
      <p>Nobody can get the value any more, not even a program. You can restore it until this vault's retention ends.</p>
      <p>At the provider it stays valid until you revoke it there.</p>
    </ConfirmDialog>
  );
}

function Revoked({ credential, takesFocus }: { credential: Credential; takesFocus: boolean }) {
  const vault = useVault();
  const reread = useRereadCredentials();
  const { permissions, purged_at, revoked_at } = credential;
  const restore = useMutation({ mutationFn: () => vault.restore(credential), onSettled: () => reread() });
  if (purged_at) {
    return (
      <Notice tone="danger" title="The value has been destroyed">
        <p>
          It was revoked, and this vault's retention ended <Time value={purged_at} />. Its details stay.
        </p>
      </Notice>
    );
  }
  return (
    <Notice tone="warning" title="It is revoked" takesFocus={takesFocus}>
      <p>
        Nobody can get its value{revoked_at && <>, since <Time value={revoked_at} /></>}. It can be restored until this vault's retention ends.
      </p>
      {permissions.includes('MANAGE') && (
        <Button isPending={restore.isPending} onPress={() => restore.mutate()}>
          <Undo2 aria-hidden size={16} /> Restore
        </Button>
      )}
      {restore.error && <Failure error={restore.error} />}
    </Notice>
  );
}

function Known({ credential }: { credential: Credential }) {
  const { description, tags, metadata, expires_at, last_used_at, rotated_at, created_at, updated_at, former_answers_until } = credential;
  const said = Object.entries(metadata).map(([key, value]) => [key, <Said value={value} />] as const);
  const isInGrace = former_answers_until && new Date(former_answers_until).getTime() > Date.now();
  return (
    <section className="card" aria-labelledby="known">
      <h2 id="known">Details</h2>
      {description && <p className="pre-line">{description}</p>}
      {tags.length > 0 && <Tags tags={tags} />}
      <Facts
        facts={{
          Expires: expires_at ? <Deadline value={expires_at} /> : 'Never',
          'Last used': last_used_at ? <Time value={last_used_at} /> : 'Never',
          Rotated: rotated_at ? <Time value={rotated_at} /> : 'Never',
          'Previous value': isInGrace && <>works until <Deadline value={former_answers_until} /></>,
          Created: <Time value={created_at} />,
          Changed: <Time value={updated_at} />,
        }}
      />
      {said.length > 0 && <Facts facts={Object.fromEntries(said)} />}
    </section>
  );
}

/** What somebody said of it. */
function Said({ value }: { value: unknown }) {
  return typeof value === 'string' ? value : <code>{JSON.stringify(value)}</code>;
}
