// How long things are kept, for vault administrators. What is destroyed does not come back, so that the page says what a
// change destroys before it is made.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Form } from 'react-aria-components';
import { api, ask, type Schemas } from '../api.ts';
import { Button } from '../components/button.tsx';
import { ConfirmDialog } from '../components/dialog.tsx';
import { Failure, Loading, Notice } from '../components/feedback.tsx';
import { Checkbox, NumberField } from '../components/fields.tsx';
import { Page } from '../components/page.tsx';

type Settings = Schemas['Settings'];

const SETTINGS = ['settings'];
/** A hundred years; what the API takes. */
const MOST_DAYS = 36_500;

export function AdminSettings() {
  const { data, error, refetch } = useQuery({ queryKey: SETTINGS, queryFn: () => ask(api.GET('/api/admin/settings')) });
  return (
    <Page
      title="Retention"
      lead="How long the record, previous versions and revoked credentials are kept. Each change is recorded."
    >
      {error && <Failure error={error} retry={refetch} />}
      {!data && !error && <Loading />}
      {data && <RetentionForm kept={data} />}
    </Page>
  );
}

function RetentionForm({ kept }: { kept: Settings }) {
  const [draft, setDraft] = useState(kept);
  const [isAsking, setAsking] = useState(false);
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: () => ask(api.PUT('/api/admin/settings', { body: draft })),
    onSuccess: (settings) => client.setQueryData(SETTINGS, settings),
    // Somebody else may have changed them meanwhile.
    onError: () => client.invalidateQueries({ queryKey: SETTINGS }),
    onSettled: () => setAsking(false),
  });
  const set = (change: Partial<Settings>) => {
    save.reset();
    setDraft({ ...draft, ...change });
  };
  const warnings = whatItMeans(kept, draft);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (warnings.length > 0) setAsking(true);
    else save.mutate();
  };
  return (
    <Form className="card stack" onSubmit={submit}>
      {save.isSuccess && <Notice tone="success" title="Saved" />}
      {save.error && <Failure error={save.error} />}
      <Checkbox
        isSelected={draft.record_retention_days === null}
        onChange={(forever) =>
          set({ record_retention_days: forever ? null : Math.max(730, draft.record_retention_promise_days) })
        }
      >
        Keep the record forever
      </Checkbox>
      {draft.record_retention_days !== null && (
        <DaysField
          label="Keep the record for"
          hint="Older rows are removed within the hour, for good. Never less than what is promised below."
          least={Math.max(1, draft.record_retention_promise_days)}
          value={draft.record_retention_days ?? MOST_DAYS}
          onChange={(record_retention_days) => set({ record_retention_days })}
        />
      )}
      <DaysField
        label="Promise to keep the record for at least"
        hint="0 promises nothing. You can raise a promise; nobody can lower it again."
        least={kept.record_retention_promise_days}
        value={draft.record_retention_promise_days}
        onChange={(record_retention_promise_days) => set({ record_retention_promise_days })}
      />
      <DaysField
        label="Keep previous versions of a value for"
        hint="Counted from when the next version came. Then the value is destroyed."
        least={1}
        value={draft.version_retention_days}
        onChange={(version_retention_days) => set({ version_retention_days })}
      />
      <DaysField
        label="Keep revoked credentials for"
        hint="They can be restored until then; after that, their values are destroyed."
        least={1}
        value={draft.revoked_retention_days}
        onChange={(revoked_retention_days) => set({ revoked_retention_days })}
      />
      <div>
        <Button type="submit" variant="primary" isPending={save.isPending}>
          Save
        </Button>
      </div>
      {isAsking && (
        <ConfirmDialog title="This cannot be undone" act="Save" danger mutation={save} onClose={() => setAsking(false)}>
          {warnings.map((warning) => (
            <p key={warning}>{warning}</p>
          ))}
        </ConfirmDialog>
      )}
    </Form>
  );
}

type DaysFieldProps = { label: string; hint: string; least: number; value: number; onChange: (days: number) => void };

function DaysField(field: DaysFieldProps) {
  return <NumberField {...field} unit="days" most={MOST_DAYS} />;
}

/** What there is no way back from. */
function whatItMeans(kept: Settings, draft: Settings): string[] {
  const forever = Number.POSITIVE_INFINITY;
  const isLess = (days: number | null | undefined, before: number | null | undefined) => (days ?? forever) < (before ?? forever);
  const promise = draft.record_retention_promise_days;
  return [
    isLess(draft.record_retention_days, kept.record_retention_days) &&
      `Rows of the record that are older than ${draft.record_retention_days} days are removed within the hour, for good.`,
    promise > kept.record_retention_promise_days && `The promise to keep the record for ${promise} days cannot be taken back.`,
    isLess(draft.version_retention_days, kept.version_retention_days) &&
      `Values of previous versions that are older than ${draft.version_retention_days} days are destroyed within the hour.`,
    isLess(draft.revoked_retention_days, kept.revoked_retention_days) &&
      `Values of credentials that were revoked more than ${draft.revoked_retention_days} days ago are destroyed within the hour.`,
  ].filter((warning) => warning !== false);
}
