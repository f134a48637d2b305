// What is said of a token to be made: its name, how long it lives, how far it reaches.
import { CheckboxGroup } from '../components/choices.tsx';
import { Notice } from '../components/feedback.tsx';
import { Select, TextField } from '../components/fields.tsx';
import { ProviderField } from '../providers/provider-field.tsx';
import { providerOf } from '../providers/providers.ts';
import { ACTION_OPTIONS, ALL_ACTIONS, type TokenAction } from './actions.ts';

export type TokenDraft = { name: string; days: string; actions: TokenAction[]; workspaceId: string; provider: string };

/** Finding values and getting them for programs is what most tokens are for. */
export const EMPTY_DRAFT: TokenDraft = { name: '', days: '90', actions: ['LIST', 'USE'], workspaceId: '', provider: '' };

const LIFETIMES = [
  { id: '7', label: 'In 7 days' },
  { id: '30', label: 'In 30 days' },
  { id: '90', label: 'In 90 days' },
  { id: '180', label: 'In 180 days' },
  { id: '365', label: 'In a year' },
];

type DraftProps = { draft: TokenDraft; onChange: (draft: TokenDraft) => void };

export function NameAndExpiry({ draft, onChange }: DraftProps) {
  return (
    <>
      <TextField
        label="Name"
        hint="Where it will be used: Ada's laptop, nightly backup."
        isRequired
        maxLength={255}
        value={draft.name}
        onChange={(name) => onChange({ ...draft, name })}
      />
      <Select label="Expires" options={LIFETIMES} value={draft.days} onChange={(days) => onChange({ ...draft, days })} />
    </>
  );
}

export function Actions({ draft, onChange }: DraftProps) {
  return (
    <CheckboxGroup
      label="What it may do"
      isRequired
      options={ACTION_OPTIONS}
      value={draft.actions}
      onChange={(actions) => onChange({ ...draft, actions })}
    />
  );
}

/** To one workspace, or one provider, or neither. */
export function Limits({ draft, onChange, workspaces }: DraftProps & { workspaces: { id: string; name: string }[] }) {
  const everywhere = { id: '', label: 'All that I may see' };
  const options = [everywhere, ...workspaces.map(({ id, name }) => ({ id, label: name }))];
  return (
    <>
      {workspaces.length > 0 && (
        <Select
          label="Workspace"
          options={options}
          value={draft.workspaceId}
          onChange={(workspaceId) => onChange({ ...draft, workspaceId })}
        />
      )}
      <ProviderLimit value={draft.provider} onChange={(provider) => onChange({ ...draft, provider })} />
    </>
  );
}

export function ProviderLimit(field: { value: string; onChange: (provider: string) => void }) {
  return <ProviderField {...field} label="Only for this provider" hint="Leave empty for all providers." />;
}

/** A token without any limit is its owner in everything. */
export function FullReach({ draft }: { draft: TokenDraft }) {
  return (
    isFull(draft) && (
      <Notice tone="warning" title="This token can do all that you can">
        <p>Workspaces, members, tokens and the record as well. Take something away, and it works with credentials alone.</p>
      </Notice>
    )
  );
}

function isFull(draft: TokenDraft): boolean {
  return draft.actions.length === ALL_ACTIONS.length && !draft.workspaceId && !draft.provider.trim();
}

/** The draft as the API takes it. */
export function newToken({ name, days, actions, workspaceId, provider }: TokenDraft) {
  return {
    name: name.trim(),
    expires_in_days: Number(days),
    actions,
    workspace_id: workspaceId || null,
    provider: providerOf(provider) || null,
  };
}
