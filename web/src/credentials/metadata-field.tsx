// What else is to be known of a credential: pairs of key and text, or, for programs that want more, any JSON object.
import { Plus, X } from 'lucide-react';
import type { Schemas } from '../api.ts';
import { Button, IconButton } from '../components/button.tsx';
import { TextField } from '../components/fields.tsx';

type Metadata = Schemas['Metadata'];
type Pair = { key: string; text: string };

/** As it is being edited. */
export type MetadataDraft = { pairs: Pair[] } | { json: string };

/** Pairs where every value is a text, JSON else. */
export function draftOf(metadata: Metadata): MetadataDraft {
  const entries = Object.entries(metadata);
  const isPlain = entries.every(([, value]) => typeof value === 'string');
  if (!isPlain) return { json: JSON.stringify(metadata, null, 2) };
  return { pairs: entries.map(([key, value]) => ({ key, text: value as string })) };
}

/** What the API is to be told; undefined while it is no JSON object, or names a key twice. */
export function metadataOf(draft: MetadataDraft): Metadata | undefined {
  if ('json' in draft) return parsed(draft.json);
  const pairs = draft.pairs.filter(({ key, text }) => key.trim() || text);
  const keys = new Set(pairs.map(({ key }) => key.trim()));
  if (keys.size !== pairs.length || keys.has('')) return undefined;
  return Object.fromEntries(pairs.map(({ key, text }) => [key.trim(), text]));
}

function parsed(json: string): Metadata | undefined {
  try {
    const value: unknown = JSON.parse(json.trim() || '{}');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Metadata) : undefined;
  } catch {
    return undefined;
  }
}

export function MetadataField({ draft, onChange }: { draft: MetadataDraft; onChange: (draft: MetadataDraft) => void }) {
  const metadata = metadataOf(draft);
  return (
    <fieldset className="fieldset stretched">
      <legend>More fields</legend>
      <p className="hint">Such as a team, an account or a key’s id. They are not sealed: everybody who can see the credential can read them.</p>
      {'json' in draft ? (
        <TextField
          label="JSON object"
          rows={6}
          mono
          spellCheck="false"
          value={draft.json}
          onChange={(json) => onChange({ json })}
        />
      ) : (
        <Pairs pairs={draft.pairs} onChange={(pairs) => onChange({ pairs })} />
      )}
      <p role="status" className={metadata ? 'visually-hidden' : 'error'}>
        {metadata ? '' : 'json' in draft ? 'This is no JSON object yet.' : 'Give each a key, and each key once.'}
      </p>
      <div className="row">
        {'pairs' in draft && (
          <Button variant="quiet" onPress={() => onChange({ pairs: [...draft.pairs, { key: '', text: '' }] })}>
            <Plus aria-hidden size={16} /> Add a field
          </Button>
        )}
        <FormSwitch draft={draft} metadata={metadata} onChange={onChange} />
      </div>
    </fieldset>
  );
}

function Pairs({ pairs, onChange }: { pairs: Pair[]; onChange: (pairs: Pair[]) => void }) {
  const set = (index: number, change: Partial<Pair>) =>
    onChange(pairs.map((pair, other) => (other === index ? { ...pair, ...change } : pair)));
  return pairs.map(({ key, text }, index) => (
    // Rows have no name of their own, and are only added at the end or taken out.
    <div className="pair" key={index}>
      <TextField label={`Key ${index + 1}`} value={key} onChange={(key) => set(index, { key })} />
      <TextField label={`Text ${index + 1}`} value={text} onChange={(text) => set(index, { text })} />
      <IconButton label={`Remove field ${index + 1}`} onPress={() => onChange(pairs.filter((_, other) => other !== index))}>
        <X aria-hidden size={16} />
      </IconButton>
    </div>
  ));
}

type FormSwitchProps = { draft: MetadataDraft; metadata: Metadata | undefined; onChange: (draft: MetadataDraft) => void };

/** From pairs to JSON, and back where pairs can say it. */
function FormSwitch({ draft, metadata, onChange }: FormSwitchProps) {
  if ('pairs' in draft) {
    return (
      <Button variant="quiet" isDisabled={!metadata} onPress={() => onChange({ json: JSON.stringify(metadata, null, 2) })}>
        Edit as JSON
      </Button>
    );
  }
  const asPairs = metadata && draftOf(metadata);
  return (
    <Button variant="quiet" isDisabled={!asPairs || 'json' in asPairs} onPress={() => asPairs && onChange(asPairs)}>
      Edit as pairs
    </Button>
  );
}
