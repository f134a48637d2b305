// Filling in which rows of the record are shown. It holds when it is applied, not while it is typed.
import { SlidersHorizontal } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Form } from 'react-aria-components';
import { Button } from '../components/button.tsx';
import { type Option, Select, TextField } from '../components/fields.tsx';
import { ProviderField } from '../providers/provider-field.tsx';
import { providerName, providerOf } from '../providers/providers.ts';
import { shownName } from '../shown-name.ts';
import { type Filter, searchOf } from './filter.ts';
import { ACTIONS, filterInWords, KINDS, OUTCOMES } from './words.ts';

type FilterProps = {
  filter: Filter;
  onApply: (filter: Filter) => void;
  workspaces: { id: string; name: string }[];
  people: Option<string>[];
};

export function FilterForm({ filter, onApply, workspaces, people }: FilterProps) {
  const [draft, setDraft] = useState(() => draftOf(filter));
  const [known, setKnown] = useState(filter);
  // The address changed: the form stays open, and says what holds now.
  if (searchOf(filter) !== searchOf(known)) {
    setKnown(filter);
    setDraft(draftOf(filter));
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onApply({ ...draft, provider: draft.provider && providerOf(draft.provider) });
  };
  const text = (name: keyof Filter) => ({
    value: draft[name] ?? '',
    onChange: (value: string) => setDraft({ ...draft, [name]: value }),
  });
  return (
    <details className="card disclosure">
      <summary>
        <SlidersHorizontal aria-hidden size={16} />
        Filter
      </summary>
      <Form className="stack" onSubmit={submit}>
        <div className="grid">
          <TextField label="Name" maxLength={255} {...text('name')} />
          <ProviderField {...text('provider')} />
          <Select label="Action" options={anyOf(ACTIONS)} {...text('action')} />
          <Select label="Outcome" options={anyOf(OUTCOMES)} {...text('outcome')} />
          <Select label="Kind" options={anyOf(KINDS)} {...text('entity_type')} />
          {workspaces.length > 0 && <Select label="Workspace" options={workspaceOptions(workspaces)} {...text('workspace_id')} />}
          <Select label="Person" options={[ANY, ...people]} {...text('actor_id')} />
          <TextField label="From" type="date" {...text('from')} />
          <TextField label="To" type="date" {...text('to')} />
        </div>
        <div>
          <Button type="submit" variant="primary">
            Apply
          </Button>
        </div>
      </Form>
    </details>
  );
}

function draftOf(filter: Filter): Filter {
  return { ...filter, provider: filter.provider && providerName(filter.provider) };
}

/** What is shown, in words, and the way back to all of it. */
export function FilterInWords({ filter, onApply, workspaces, people }: FilterProps) {
  const said = filterInWords(filter, {
    workspace: workspaces.find(({ id }) => id === filter.workspace_id)?.name,
    person: people.find(({ id }) => id === filter.actor_id)?.label,
  });
  if (!said) return null;
  return (
    <div className="row spread">
      <p>
        <span className="muted">Showing only:</span> {shownName(said)}
      </p>
      <Button onPress={() => onApply({})}>Show everything</Button>
    </div>
  );
}

const ANY: Option<string> = { id: '', label: 'Any' };

function anyOf(words: Record<string, string>): Option<string>[] {
  return [ANY, ...Object.entries(words).map(([id, label]) => ({ id, label }))];
}

function workspaceOptions(workspaces: { id: string; name: string }[]): Option<string>[] {
  return [ANY, ...workspaces.map(({ id, name }) => ({ id, label: name }))];
}
