// A new credential: what it is for, its value, whose it is, and its details.
// The value is in this form's state until it is sealed or the page is left, and nowhere else.
import { useMutation } from '@tanstack/react-query';
import { ExternalLink } from 'lucide-react';
import { useState } from 'react';
import { Form } from 'react-aria-components';
import { useNavigate, useSearchParams } from 'react-router';
import type { Schemas } from '../api.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { Failure } from '../components/feedback.tsx';
import { type Option, Select, TextField } from '../components/fields.tsx';
import { Page } from '../components/page.tsx';
import { useSubmit } from '../components/submit.ts';
import { useRereadCredentials, useVault } from '../credentials/api.ts';
import { type Details, DetailsFields, newDetails, NO_DETAILS } from '../credentials/details.tsx';
import { ProviderField } from '../providers/provider-field.tsx';
import { type Preset, presetOf, providerOf } from '../providers/providers.ts';
import { useRequestKey } from '../credentials/request-key.ts';
import { SecretInput } from '../credentials/secret-input.tsx';
import { TYPES } from '../credentials/types.ts';
import { thenGo } from '../then-go.ts';
import { administers } from '../workspaces/roles.ts';
import { useWorkspaces } from '../workspaces/workspaces.ts';

const MINE = 'mine';

/** As it is being filled in. `type` is the one that was chosen, if any; `owner` is [MINE], or the id of a workspace. */
type Draft = { provider: string; name: string; value: string; type?: Schemas['CredentialType']; owner: string };

export function CredentialNew() {
  const { isSystem, pages } = useVault();
  const [search] = useSearchParams();
  const owners = useOwners();
  const [filled, setDraft] = useState<Draft>({ provider: '', name: '', value: '', owner: search.get('workspace') ?? MINE });
  // The address may name a workspace that one does not administer.
  const draft = owners && !owners.some(({ id }) => id === filled.owner) ? { ...filled, owner: MINE } : filled;
  const [details, setDetails] = useState<Details>(NO_DETAILS);
  const create = useCreate(draft, details, () => setDraft({ ...draft, value: '' }));
  const submit = useSubmit(create);
  return (
    <Page
      title={isSystem ? 'New secret' : 'New credential'}
      lead="Sealed before it is stored. Only the people listed on its page can read it."
      parent={{ to: pages, title: isSystem ? 'Admin secrets' : 'Credentials' }}
    >
      <Form className="form" onSubmit={submit}>
        <WhatItIs draft={draft} owners={owners ?? []} onChange={setDraft} />
        <section className="card roomy" aria-labelledby="more">
          <h2 id="more">Details</h2>
          <DetailsFields details={details} onChange={setDetails} />
        </section>
        {create.error && <Failure error={create.error} />}
        <div className="row end">
          <ButtonLink to={pages}>Cancel</ButtonLink>
          <Button type="submit" variant="primary" isDisabled={!newDetails(details)} isPending={create.isPending}>
            Create
          </Button>
        </div>
      </Form>
    </Page>
  );
}

/** Creates it, forgets the value, and goes to its page: unless this one was left meanwhile. */
function useCreate({ provider, name, value, owner, ...draft }: Draft, details: Details, onCreated: () => void) {
  const vault = useVault();
  const navigate = useNavigate();
  const reread = useRereadCredentials();
  const key = useRequestKey();
  const create = useMutation({
    gcTime: 0,
    mutationFn: () => {
      const workspace_id = owner === MINE || vault.isSystem ? null : owner;
      const what = { name: name.trim(), provider: providerOf(provider), type: typeOf({ provider, ...draft }), value, workspace_id };
      return vault.create({ ...what, ...newDetails(details) }, key.current);
    },
    onSuccess: () => {
      onCreated();
      return reread();
    },
    onError: key.renewIfUsed,
  });
  return thenGo(create, ({ id }) => navigate(`${vault.pages}/${id}`, { replace: true }));
}

/** The type that was chosen, or what is usual with that provider. */
function typeOf({ type, provider }: Pick<Draft, 'type' | 'provider'>): Schemas['CredentialType'] {
  return type ?? presetOf(provider)?.type ?? 'API_KEY';
}

type WhatItIsProps = { draft: Draft; owners: readonly Option<string>[]; onChange: (draft: Draft) => void };

function WhatItIs({ draft, owners, onChange }: WhatItIsProps) {
  const { isSystem } = useVault();
  const { provider, name, value, owner } = draft;
  const set = (change: Partial<Draft>) => onChange({ ...draft, ...change });
  return (
    <section className="card roomy" aria-labelledby="what">
      <h2 id="what">What it is</h2>
      <div className="pair-of-fields">
        <div className="stack tight">
          <ProviderField
            isRequired
            hint="The service that it is for: choose, or type any."
            value={provider}
            onChange={(provider) => set({ provider })}
          />
          <MadeAt preset={presetOf(provider)} />
        </div>
        <TextField
          label="Name"
          isRequired
          maxLength={255}
          hint="What you call it, such as “CI deploy key”."
          value={name}
          onChange={(name) => set({ name })}
        />
      </div>
      <SecretInput label="Value" provider={provider} value={value} onChange={(value) => set({ value })} />
      <div className="pair-of-fields">
        <Select label="Type" options={TYPES} value={typeOf(draft)} onChange={(type) => set({ type })} />
        {!isSystem && <Select label="For" options={owners} value={owner} onChange={(owner) => set({ owner })} />}
      </div>
    </section>
  );
}

/** Where one creates such a value. */
function MadeAt({ preset }: { preset: Preset | undefined }) {
  return (
    preset?.madeAt && (
      <a href={preset.madeAt} target="_blank" rel="noreferrer" className="made-at">
        Create one at {preset.name} <ExternalLink aria-hidden size={14} />
        <span className="visually-hidden">(in a new tab)</span>
      </a>
    )
  );
}

/** Oneself, and the workspaces that one administers; undefined until they are loaded. */
function useOwners(): Option<string>[] | undefined {
  const { workspaces, isLoaded } = useWorkspaces();
  const administered = workspaces.filter(({ role }) => administers(role));
  return isLoaded
    ? [
        { id: MINE, label: 'Myself', detail: 'Nobody else sees it until you share it' },
        ...administered.map(({ id, name }) => ({ id, label: name, detail: 'Its owners and admins see it' })),
      ]
    : undefined;
}
