// The values that a credential has had: masked, when each was replaced, whether it answers yet, and the way back to it.
import { useMutation } from '@tanstack/react-query';
import { Eye, History } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { Button } from '../components/button.tsx';
import { ConfirmDialog } from '../components/dialog.tsx';
import { Badge } from '../components/feedback.tsx';
import { List } from '../components/list.tsx';
import { Deadline, Time } from '../components/time.tsx';
import { type Credential, useRereadCredentials, useVault, useVersions, type Version } from './api.ts';
import { RevealDialog } from './reveal-dialog.tsx';

export function Versions({ credential }: { credential: Credential }) {
  const vault = useVault();
  const list = useVersions(credential.id);
  const [asked, setAsked] = useState<{ act: 'reveal' | 'restore'; version: number }>();
  const close = () => setAsked(undefined);
  const record = `${vault.isSystem ? '/admin/audit' : '/audit'}?credential_id=${credential.id}`;
  return (
    <section className="card" aria-labelledby="versions">
      <h2 id="versions">Versions</h2>
      <p className="hint">
        No value is overwritten: each rotation keeps the one before. Who did what, and who looked, is in{' '}
        <Link to={record}>the record</Link>.
      </p>
      <List list={list} nouns={['version', 'versions']} empty={null}>
        {(versions) => (
          <ul className="lines">
            {versions.map((version) => (
              <li key={version.version}>
                <VersionLine version={version} credential={credential} onAct={(act) => setAsked({ act, version: version.version })} />
              </li>
            ))}
          </ul>
        )}
      </List>
      {asked?.act === 'reveal' && <RevealDialog credential={credential} version={asked.version} onClose={close} />}
      {asked?.act === 'restore' && <RestoreVersion credential={credential} version={asked.version} onClose={close} />}
    </section>
  );
}

type VersionLineProps = { version: Version; credential: Credential; onAct: (act: 'reveal' | 'restore') => void };

function VersionLine({ version, credential, onAct }: VersionLineProps) {
  const { version: number, masked_value, is_current, superseded_at, purged_at } = version;
  const manages = credential.permissions.includes('MANAGE');
  const isPrevious = !is_current && !purged_at && credential.is_active;
  const reveals = isPrevious && credential.permissions.includes('REVEAL') && (manages || answers(version));
  return (
    <div className="line">
      <div className="line-text">
        <span className="row">
          <strong>Version {number}</strong>
          <code>{masked_value}</code>
          {is_current && <Badge tone="success">Current</Badge>}
          {purged_at && <Badge tone="danger">Value destroyed</Badge>}
          {answers(version) && <Badge tone="info">Still works</Badge>}
        </span>
        <span className="hint">
          {is_current ? <Since credential={credential} /> : superseded_at && <>Replaced <Time value={superseded_at} /></>}
          {answers(version) && version.answers_until && <>; works until <Deadline value={version.answers_until} /></>}
        </span>
      </div>
      <div className="row">
        {reveals && (
          <Button aria-label={`Reveal version ${number}`} onPress={() => onAct('reveal')}>
            <Eye aria-hidden size={16} /> Reveal
          </Button>
        )}
        {isPrevious && manages && (
          <Button aria-label={`Restore version ${number}`} onPress={() => onAct('restore')}>
            <History aria-hidden size={16} /> Restore
          </Button>
        )}
      </div>
    </div>
  );
}

function Since({ credential: { rotated_at, created_at } }: { credential: Credential }) {
  return <>Since <Time value={rotated_at ?? created_at} /></>;
}

function answers({ answers_until, purged_at }: Version): boolean {
  return !purged_at && !!answers_until && new Date(answers_until).getTime() > Date.now();
}

function RestoreVersion({ credential, version, onClose }: { credential: Credential; version: number; onClose: () => void }) {
  const vault = useVault();
  const reread = useRereadCredentials();
  const restore = useMutation({
    mutationFn: () => vault.restoreVersion(credential, version),
    onSuccess: async () => {
      await reread();
      onClose();
    },
    onError: () => reread(),
  });
  return (
    <ConfirmDialog title={`Restore version ${version}?`} act="Restore" mutation={restore} onClose={onClose}>
      <p>Its value becomes version {credential.version + 1}, and works from then on. The current one is kept.</p>
    </ConfirmDialog>
  );
}
