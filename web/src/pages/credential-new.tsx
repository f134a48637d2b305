// Keeping a credential: what it is for, its value, for whom it is kept, and what else is worth knowing.
// The value is in this form's state until it is kept or the page is left, and nowhere else.
import { useMutation } from '@tanstack/react-query';
import { ExternalLink } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Form } from 'react-aria-components';
import { useNavigate, useSearchParams } from 'react-router';
import type { Schemas } from '../api.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { Failure } from '../components/feedback.tsx';
import { Select, TextField } from '../components/fields.tsx';
import { Page } from '../components/page.tsx';
import { useRereadCredentials, useVault } from '../credentials/api.ts';
import { type Details, DetailsFields, newDetails, NO_DETAILS } from '../credentials/details.tsx';
import { ProviderField } from '../credentials/provider-field.tsx';
import { presetOf, providerOf } from '../credentials/providers.ts';
import { useRequestKey } from '../credentials/request-key.ts';
import { SecretInput } from '../credentials/secret-input.tsx';
import { TYPES } from '../credentials/types.ts';
import { administers } from '../workspaces/roles.ts';
import { useWorkspaces } from '../workspaces/workspaces.ts';

const MINE = 'mine';

export function CredentialNew() {
  const vault = useVault();
  const navigate = useNavigate();
  const reread = useRereadCredentials();
  const key = useRequestKey();
  const [search] = useSearchParams();
  const [provider, setProvider] = useState('');
  const [name, setName] = useState('');
  const [chosenType, setType] = useState<Schemas['CredentialType']>();
  const [owner, setOwner] = useState(search.get('workspace') ?? MINE);
  const [value, setValue] = useState('');
  const [details, setDetails] = useState<Details>(NO_DETAILS);
  const preset = presetOf(provider);
  const type = chosenType ?? preset?.type ?? 'API_KEY';
  const said = newDetails(details);
  const create = useMutation({
    gcTime: 0,
    mutationFn: () => {
      const workspace_id = owner === MINE || vault.isSystem ? null : owner;
      return vault.create({ name: name.trim(), provider: providerOf(provider), type, value, workspace_id, ...said }, key.current);
    },
    onSuccess: async ({ id }) => {
      setValue('');
      await reread();
      await navigate(`${vault.pages}/${id}`, { replace: true });
    },
    onError: key.renewIfUsed,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Page title={vault.isSystem ? 'New secret' : 'New credential'} lead="Sealed before it is stored. Nobody reads it but those whom you can see on its page." parent={{ to: vault.pages, title: vault.isSystem ? 'Admin secrets' : 'Credentials' }}>
      <Form className="form" onSubmit={submit}>
        <section className="card roomy" aria-labelledby="what">
          <h2 id="what">What it is</h2>
          <div className="pair-of-fields">
            <div className="stack tight">
              <ProviderField value={provider} onChange={setProvider} isRequired hint="The service that it is for: choose, or type any." />
              {preset?.madeAt && <MadeAt name={preset.name} address={preset.madeAt} />}
            </div>
            <TextField label="Name" isRequired maxLength={255} hint="What you call it, such as “CI deploy key”." value={name} onChange={setName} />
          </div>
          <SecretInput label="Value" provider={provider} value={value} onChange={setValue} />
          <div className="pair-of-fields">
            <Select label="Type" options={TYPES} value={type} onChange={setType} />
            {!vault.isSystem && <OwnerField value={owner} onChange={setOwner} />}
          </div>
        </section>
        <section className="card roomy" aria-labelledby="more">
          <h2 id="more">Worth knowing later</h2>
          <DetailsFields details={details} onChange={setDetails} />
        </section>
        {create.error && <Failure error={create.error} />}
        <div className="row end">
          <ButtonLink to={vault.pages}>Cancel</ButtonLink>
          <Button type="submit" variant="primary" isDisabled={!said} isPending={create.isPending}>
            {vault.isSystem ? 'Keep the secret' : 'Keep the credential'}
          </Button>
        </div>
      </Form>
    </Page>
  );
}

function MadeAt({ name, address }: { name: string; address: string }) {
  return (
    <a href={address} target="_blank" rel="noreferrer" className="made-at">
      Make one at {name} <ExternalLink aria-hidden size={14} />
      <span className="visually-hidden">(in a new tab)</span>
    </a>
  );
}

/** For oneself, or for a workspace that one administers. */
function OwnerField({ value, onChange }: { value: string; onChange: (owner: string) => void }) {
  const { workspaces } = useWorkspaces();
  const owners = [
    { id: MINE, label: 'Myself', detail: 'Nobody else sees it until you share it' },
    ...workspaces
      .filter(({ role }) => administers(role))
      .map(({ id, name }) => ({ id, label: name, detail: 'Its owners and admins see it' })),
  ];
  return <Select label="For" options={owners} value={value} onChange={onChange} />;
}
