// What a list of credentials shows: a search, some questions that people have, and the rest on request.
import { SlidersHorizontal } from 'lucide-react';
import { type ReactNode, useEffect, useEffectEvent, useState } from 'react';
import { ToggleButton } from 'react-aria-components';
import { Button } from '../components/button.tsx';
import { SearchField, Select, TextField } from '../components/fields.tsx';
import { useVault } from './api.ts';
import { useWorkspaces } from '../workspaces/workspaces.ts';
import { type Filters, OWN } from './filters.ts';
import { UNUSED_DAYS } from './health.ts';
import { ProviderField } from '../providers/provider-field.tsx';
import { providerName, providerOf } from '../providers/providers.ts';
import { TYPES } from './types.ts';

type FilterBarProps = { filters: Filters; onChange: (filters: Filters) => void; children: ReactNode };

export function FilterBar({ filters, onChange, children }: FilterBarProps) {
  const { workspace, provider, type, tag } = filters;
  const narrowed = [workspace, provider, type, tag].filter((filter) => filter).length;
  const [isOpen, setOpen] = useState(narrowed > 0);
  const set = (change: Filters) => onChange({ ...filters, ...change });
  const toggle = (name: 'expiring' | 'unused' | 'revoked', label: string) => (
    <ToggleButton className="chip" isSelected={!!filters[name]} onChange={(on) => set({ [name]: on ? '1' : undefined })}>
      {label}
    </ToggleButton>
  );
  return (
    <div className="stack tight" role="search" aria-label="Credentials">
      <div className="filters">
        <Typed value={filters.text ?? ''} onTyped={(text) => set({ text: text || undefined })}>
          {(value, onChange) => (
            <SearchField label="Search" placeholder="Name, provider or description" maxLength={255} value={value} onChange={onChange} />
          )}
        </Typed>
        <div className="chips">
          {toggle('expiring', 'Expires soon')}
          {toggle('unused', `Unused for ${UNUSED_DAYS} days`)}
          {toggle('revoked', 'Revoked')}
          <Button variant="quiet" aria-expanded={isOpen} onPress={() => setOpen(!isOpen)}>
            <SlidersHorizontal aria-hidden size={16} /> Filters{narrowed > 0 && ` (${narrowed})`}
          </Button>
          {children}
        </div>
      </div>
      {isOpen && <Narrowing filters={filters} set={set} />}
    </div>
  );
}

const ANY = 'any';

function Narrowing({ filters, set }: { filters: Filters; set: (change: Filters) => void }) {
  const vault = useVault();
  const { workspaces } = useWorkspaces();
  const wheres = [
    { id: ANY, label: 'Anywhere' },
    { id: OWN, label: 'Personal', detail: 'Your own, and what others share of theirs' },
    ...workspaces.map(({ id, name }) => ({ id, label: name })),
  ];
  const types = [{ id: ANY, label: 'Any type' }, ...TYPES.map(({ id, label }) => ({ id, label }))];
  const chosen = (id: string) => (id === ANY ? undefined : id);
  return (
    <div className="narrowing">
      {!vault.isSystem && (
        <Select label="Where" options={wheres} value={filters.workspace ?? ANY} onChange={(id) => set({ workspace: chosen(id) })} />
      )}
      <Typed
        value={filters.provider ? providerName(filters.provider) : ''}
        onTyped={(text) => set({ provider: providerOf(text) || undefined })}
      >
        {(value, onChange) => <ProviderField value={value} onChange={onChange} />}
      </Typed>
      <Select label="Type" options={types} value={filters.type ?? ANY} onChange={(id) => set({ type: chosen(id) })} />
      <Typed value={filters.tag ?? ''} onTyped={(tag) => set({ tag: tag.trim() || undefined })}>
        {(value, onChange) => <TextField label="Tag" maxLength={50} value={value} onChange={onChange} />}
      </Typed>
    </div>
  );
}

type TypedProps = {
  value: string;
  onTyped: (text: string) => void;
  children: (value: string, onChange: (text: string) => void) => ReactNode;
};

/** How long somebody has to pause before what he typed counts, in milliseconds. */
const PAUSE = 300;

/** A text that counts once somebody pauses, so that not every letter asks the server. */
function Typed({ value, onTyped, children }: TypedProps) {
  const [draft, setDraft] = useState(value);
  const [known, setKnown] = useState(value);
  // The address changed otherwise: by going back, or by clearing the filters.
  if (value !== known) {
    setKnown(value);
    if (value !== draft.trim()) setDraft(value);
  }
  // Beside the other filters as they are by then, and not as they were when the last letter came.
  const settle = useEffectEvent(() => draft.trim() !== value && onTyped(draft.trim()));
  useEffect(() => {
    const timer = setTimeout(() => settle(), PAUSE);
    return () => clearTimeout(timer);
  }, [draft]);
  return children(draft, setDraft);
}
