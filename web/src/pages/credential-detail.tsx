// One credential: everything that is known of it but the value, who can see it, and what can be done with it.
import { useMutation } from '@tanstack/react-query';
import { ArrowLeft, Ban, Eye, Pencil, RefreshCw, Undo2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Link, useParams } from 'react-router';
import { Button, ButtonLink } from '../components/button.tsx';
import { ConfirmDialog } from '../components/dialog.tsx';
import { Failure, Loading, Notice } from '../components/feedback.tsx';
import { useTitle } from '../components/page.tsx';
import { Deadline, Time } from '../components/time.tsx';
import { Access } from '../credentials/access.tsx';
import { type Credential, useCredential, useRereadCredentials, useVault } from '../credentials/api.ts';
import { Badges } from '../credentials/badges.tsx';
import { Unseen } from '../credentials/elsewhere.tsx';
import { Tags, Whose } from '../credentials/list.tsx';
import { ProviderIcon } from '../credentials/provider-icon.tsx';
import { providerName } from '../credentials/providers.ts';
import { RevealDialog } from '../credentials/reveal-dialog.tsx';
import { RotateDialog } from '../credentials/rotate-dialog.tsx';
import { typeLabel } from '../credentials/types.ts';
import { Versions } from '../credentials/versions.tsx';

export function CredentialDetail() {
  const { id = '' } = useParams();
  const { data: credential, error, refetch } = useCredential(id);
  if (error) return <Unseen error={error} retry={refetch} />;
  if (!credential) return <Loading />;
  return <Detail credential={credential} />;
}

function Detail({ credential }: { credential: Credential }) {
  const { pages, isSystem } = useVault();
  useTitle(credential.name);
  return (
    <article className="page">
      <Link to={pages} className="back">
        <ArrowLeft aria-hidden size={16} /> {isSystem ? 'Admin secrets' : 'Credentials'}
      </Link>
      <header className="page-header">
        <div className="credential-top large">
          <ProviderIcon provider={credential.provider} />
          <div className="credential-name">
            <h1>{credential.name}</h1>
            <span className="muted">
              {providerName(credential.provider)} · {typeLabel(credential.type)} · <Whose credential={credential} />
            </span>
          </div>
        </div>
        <Badges credential={credential} />
      </header>
      <ValueCard credential={credential} />
      <div className="columns">
        <div className="stack">
          <Facts credential={credential} />
          <Versions credential={credential} />
        </div>
        <Access credential={credential} />
      </div>
    </article>
  );
}

type Act = 'reveal' | 'rotate' | 'revoke';

/** The masked value, and what one may do. */
function ValueCard({ credential }: { credential: Credential }) {
  const { pages } = useVault();
  const [act, setAct] = useState<Act>();
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
      {!is_active && <Revoked credential={credential} />}
      {is_active && !reveals && <p className="hint">You may not look at the value. Ask whoever shares it with you.</p>}
      {act === 'reveal' && <RevealDialog credential={credential} onClose={close} />}
      {act === 'rotate' && <RotateDialog credential={credential} onClose={close} />}
      {act === 'revoke' && <Revoke credential={credential} onClose={close} />}
    </section>
  );
}

function Revoke({ credential, onClose }: { credential: Credential; onClose: () => void }) {
  const vault = useVault();
  const reread = useRereadCredentials();
  const revoke = useMutation({
    mutationFn: () => vault.revoke(credential),
    onSuccess: async () => {
      onClose();
      await reread();
    },
    onError: () => reread(),
  });
  return (
    <ConfirmDialog title={`Revoke ${credential.name}?`} act="Revoke" danger mutation={revoke} onClose={onClose}>
      <p>Nobody obtains the value any more, no program either. You can restore it, for as long as this instance keeps revoked values.</p>
      <p>At the provider it stays valid until you revoke it there.</p>
    </ConfirmDialog>
  );
}

function Revoked({ credential }: { credential: Credential }) {
  const vault = useVault();
  const reread = useRereadCredentials();
  const { permissions, purged_at, revoked_at } = credential;
  const restore = useMutation({ mutationFn: () => vault.restore(credential), onSettled: () => reread() });
  if (purged_at) {
    return (
      <Notice tone="danger" title="The value has been destroyed">
        <p>
          It was revoked, and this instance’s retention was over <Time value={purged_at} />. What is known of it stays.
        </p>
      </Notice>
    );
  }
  return (
    <Notice tone="warning" title="It is revoked">
      <p>
        Nobody obtains its value{revoked_at && <>, since <Time value={revoked_at} /></>}. It can be restored until the retention is over.
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

function Facts({ credential }: { credential: Credential }) {
  const { description, tags, metadata, expires_at, last_used_at, rotated_at, created_at, updated_at, former_answers_until } = credential;
  return (
    <section className="card" aria-labelledby="facts">
      <h2 id="facts">What is known of it</h2>
      {description && <p className="pre-line">{description}</p>}
      {tags.length > 0 && <Tags tags={tags} />}
      <dl className="facts">
        <Fact name="Expires">{expires_at ? <Deadline value={expires_at} /> : 'Never'}</Fact>
        <Fact name="Last used">{last_used_at ? <Time value={last_used_at} /> : 'Never'}</Fact>
        <Fact name="Rotated">{rotated_at ? <Time value={rotated_at} /> : 'Never'}</Fact>
        {former_answers_until && new Date(former_answers_until).getTime() > Date.now() && (
          <Fact name="Former value answers until">
            <Deadline value={former_answers_until} />
          </Fact>
        )}
        <Fact name="Kept">
          <Time value={created_at} />
        </Fact>
        <Fact name="Changed">
          <Time value={updated_at} />
        </Fact>
        {Object.entries(metadata).map(([key, value]) => (
          <Fact key={key} name={key}>
            {typeof value === 'string' ? value : <code>{JSON.stringify(value)}</code>}
          </Fact>
        ))}
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
