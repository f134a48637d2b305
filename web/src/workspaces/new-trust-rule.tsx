// A rule by which workloads come in as a service account: who vouches for them, what must be said of them, and how far they
// reach.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Plus, X } from 'lucide-react';
import { useState } from 'react';
import { api, ask, type Schemas } from '../api.ts';
import { Button, IconButton } from '../components/button.tsx';
import { CheckboxGroup } from '../components/choices.tsx';
import { Select, TextField } from '../components/fields.tsx';
import { FormDialog } from '../components/form-dialog.tsx';
import { providerOf } from '../providers/providers.ts';
import { ACTION_OPTIONS, type TokenAction } from '../tokens/actions.ts';
import { ProviderLimit } from '../tokens/token-fields.tsx';
import { RULES, rulesKey } from './trust-rules.tsx';
import type { AccountPath } from './workspaces.ts';

const LIFETIMES = [
  { id: '300', label: '5 minutes' },
  { id: '900', label: '15 minutes' },
  { id: '3600', label: 'An hour' },
];

export function NewTrustRule({ path, onClose }: { path: AccountPath; onClose: () => void }) {
  const [issuer, setIssuer] = useState('');
  const [audience, setAudience] = useState('strongroom');
  const [claims, setClaims] = useState<Claim[]>([{ name: 'sub', pattern: '' }]);
  const [actions, setActions] = useState<TokenAction[]>(['LIST', 'USE']);
  const [provider, setProvider] = useState('');
  const [lifetime, setLifetime] = useState('900');
  const create = useCreate(path, onClose, {
    issuer: issuer.trim(),
    audience: audience.trim(),
    claims: Object.fromEntries(claims.map(({ name, pattern }) => [name.trim(), pattern.trim()])),
    actions,
    provider: providerOf(provider) || null,
    lifetime_seconds: Number(lifetime),
  });
  return (
    <FormDialog title="Trust a workload" act="Create rule" mutation={create} onClose={onClose}>
      <TextField
        label="Issuer"
        hint="One of those that the operator of this vault allows, exactly as its tokens say it."
        isRequired
        mono
        maxLength={255}
        placeholder="https://token.actions.githubusercontent.com"
        value={issuer}
        onChange={setIssuer}
      />
      <TextField
        label="Audience"
        hint="The only one in the workload's token."
        isRequired
        mono
        maxLength={255}
        value={audience}
        onChange={setAudience}
      />
      <Claims claims={claims} onChange={setClaims} />
      <CheckboxGroup label="What it may do" isRequired options={ACTION_OPTIONS} value={actions} onChange={setActions} />
      <ProviderLimit value={provider} onChange={setProvider} />
      <Select label="Each token lives" options={LIFETIMES} value={lifetime} onChange={setLifetime} />
    </FormDialog>
  );
}

function useCreate(path: AccountPath, onDone: () => void, body: Schemas['NewTrustRule']) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => ask(api.POST(RULES, { params: { path }, body })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: rulesKey(path) });
      onDone();
    },
  });
}

type Claim = { name: string; pattern: string };

const MOST_CLAIMS = 10;

function Claims({ claims, onChange }: { claims: Claim[]; onChange: (claims: Claim[]) => void }) {
  const change = (index: number, claim: Partial<Claim>) =>
    onChange(claims.map((old, at) => (at === index ? { ...old, ...claim } : old)));
  return (
    <fieldset className="fieldset">
      <legend>Claims that it must have</legend>
      <p className="hint">
        All of them, such as <code>sub</code>: <code>repo:acme/web:ref:refs/heads/main</code>. A <code>*</code> at the end, after
        a slash or a colon, stands for whatever follows.
      </p>
      {claims.map(({ name, pattern }, index) => (
        <div key={index} className="claim">
          <TextField label="Claim" isRequired mono maxLength={100} value={name} onChange={(name) => change(index, { name })} />
          <TextField
            label="Value"
            isRequired
            mono
            maxLength={255}
            value={pattern}
            onChange={(pattern) => change(index, { pattern })}
          />
          {claims.length > 1 && (
            <IconButton label={`Remove claim ${index + 1}`} onPress={() => onChange(claims.filter((_, at) => at !== index))}>
              <X aria-hidden size={16} />
            </IconButton>
          )}
        </div>
      ))}
      {claims.length < MOST_CLAIMS && (
        <Button variant="quiet" onPress={() => onChange([...claims, { name: '', pattern: '' }])}>
          <Plus aria-hidden size={16} />
          Another claim
        </Button>
      )}
    </fieldset>
  );
}
