// Editing what is known of a credential. What somebody else has changed in the meantime is told, and not overwritten.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Form } from 'react-aria-components';
import { useNavigate, useParams } from 'react-router';
import { Refusal } from '../api.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { Failure, Loading, Notice } from '../components/feedback.tsx';
import { TextField } from '../components/fields.tsx';
import { Page } from '../components/page.tsx';
import { useSubmit } from '../components/submit.ts';
import { type Credential, useCredential, useRereadCredentials, useVault } from '../credentials/api.ts';
import { changes, DetailsFields, detailsOf } from '../credentials/details.tsx';
import { Unseen } from '../credentials/unseen.tsx';
import { thenGo } from '../then-go.ts';

export function CredentialEdit() {
  const { id = '' } = useParams();
  const { data, error, refetch, isFetchedAfterMount } = useCredential(id, true);
  // What the form began with: as it is when the page opens. A later answer must not change it beneath whoever types.
  const [seen, setSeen] = useState<Credential>();
  if (!seen && data && isFetchedAfterMount && !error) setSeen(data);
  const beginAnew = async () => setSeen((await refetch()).data);
  if (error && !seen) return <Unseen error={error} retry={refetch} />;
  if (!seen) return <Loading />;
  return <EditForm key={seen.revision} seen={seen} onBeginAnew={beginAnew} />;
}

function EditForm({ seen, onBeginAnew }: { seen: Credential; onBeginAnew: () => void }) {
  const vault = useVault();
  const navigate = useNavigate();
  const reread = useRereadCredentials();
  const [name, setName] = useState(seen.name);
  const [details, setDetails] = useState(() => detailsOf(seen));
  const patch = changes(seen, name, details);
  const page = `${vault.pages}/${seen.id}`;
  const update = useMutation({
    mutationFn: () => vault.update(seen, patch ?? {}),
    onSuccess: () => reread(),
  });
  const submit = useSubmit(thenGo(update, () => navigate(page, { replace: true })));
  const isOutdated = update.error instanceof Refusal && update.error.status === 412;
  return (
    <Page
      title={`Edit ${seen.name}`}
      lead="The value is not changed here: rotate the credential for that."
      parent={{ to: page, title: seen.name }}
    >
      <Form className="form" onSubmit={submit}>
        <section className="card roomy" aria-label="Details">
          <TextField label="Name" isRequired maxLength={255} value={name} onChange={setName} />
          <DetailsFields details={details} onChange={setDetails} />
        </section>
        {isOutdated && <Outdated page={page} onBeginAnew={onBeginAnew} />}
        {update.error && !isOutdated && <Failure error={update.error} />}
        <div className="row end">
          <ButtonLink to={page}>Cancel</ButtonLink>
          <Button type="submit" variant="primary" isDisabled={!patch || Object.keys(patch).length === 0} isPending={update.isPending}>
            Save
          </Button>
        </div>
      </Form>
    </Page>
  );
}

function Outdated({ page, onBeginAnew }: { page: string; onBeginAnew: () => void }) {
  return (
    <Notice tone="danger" title="It has been changed since you opened it">
      <p>Nothing of yours was saved, and nothing of the other change is lost.</p>
      <div className="row">
        <Button onPress={onBeginAnew}>Start again from the current version</Button>
        <a href={page} target="_blank" rel="noreferrer">
          Look at it in a new tab
        </a>
      </div>
    </Notice>
  );
}
