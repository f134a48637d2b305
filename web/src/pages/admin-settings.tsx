// How long things are kept, for vault administrators. What is destroyed does not come back, so that the page says what a
// change destroys before it is made. Only what was changed here is changed: the rest stays as others have left it.
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
  const { data, error, refetch } = useQuery({ queryKey: SETTINGS, queryFn: readSettings });
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

function readSettings(): Promise<Settings> {
  return ask(api.GET('/api/admin/settings'));
}

function RetentionForm({ kept }: { kept: Settings }) {
  const [changed, setChanged] = useState<Partial<Settings>>({});
  const [warnings, setWarnings] = useState<string[]>([]);
  const save = useSave(changed, (unsaid) => {
    setWarnings(unsaid ?? []);
    // What was changed again meanwhile is still to be saved.
    if (unsaid?.length === 0) setChanged((now) => (now === changed ? {} : now));
  });
  const draft = { ...kept, ...changed };
  const set = (change: Partial<Settings>) => {
    save.reset();
    setChanged({ ...changed, ...change });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!save.isPending) save.mutate([]);
  };
  const confirmed = { ...save, mutate: () => save.mutate(warnings) };
  return (
    <Form className="card stack" onSubmit={submit}>
      {save.data?.length === 0 && <Notice tone="success" title="Saved" />}
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
      {warnings.length > 0 && (
        <ConfirmDialog title="This cannot be undone" act="Save" danger mutation={confirmed} onClose={() => setWarnings([])}>
          {warnings.map((warning) => (
            <p key={warning}>{warning}</p>
          ))}
        </ConfirmDialog>
      )}
    </Form>
  );
}

/** Saves it, unless that means what was not agreed to: `onDone` is told what, and nothing where it failed. */
function useSave(changed: Partial<Settings>, onDone: (unsaid: string[] | undefined) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (agreed: string[]) => {
      // The API takes all of them, and others may have changed some since the page was opened.
      const now = await readSettings();
      client.setQueryData(SETTINGS, now);
      const next = { ...now, ...changed };
      const warnings = whatItMeans(now, next);
      if (warnings.some((warning) => !agreed.includes(warning))) return warnings;
      client.setQueryData(SETTINGS, await ask(api.PUT('/api/admin/settings', { body: next })));
      return [];
    },
    onError: () => client.invalidateQueries({ queryKey: SETTINGS }),
    onSettled: onDone,
  });
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
