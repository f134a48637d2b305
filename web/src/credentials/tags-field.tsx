// The tags of a credential: words that it is found by. One that is typed and not added yet is among them: whoever leaves the
// field for the button that sends the form has nothing move beneath the press.
import { X } from 'lucide-react';
import { type ClipboardEvent, type KeyboardEvent, useState } from 'react';
import { Button as AriaButton, type Key, Tag, TagGroup, TagList } from 'react-aria-components';
import { Button } from '../components/button.tsx';
import { TextField } from '../components/fields.tsx';

const MOST = 20;
const LONGEST = 50;

export function TagsField({ tags, onChange }: { tags: string[]; onChange: (tags: string[]) => void }) {
  const [added, setAdded] = useState(tags);
  const [draft, setDraft] = useState('');
  const [leftOut, setLeftOut] = useState<string[]>([]);
  /** Those, and what a text names besides. */
  const take = (these: string[], text: string) => {
    const { kept, beyond } = joined(these, text);
    setLeftOut(beyond);
    onChange(kept);
    return kept;
  };
  const type = (text: string) => {
    setDraft(text);
    take(added, text);
  };
  const add = (text: string) => {
    setDraft('');
    setAdded(take(added, text));
  };
  const remove = (removed: Set<Key>) => {
    const rest = added.filter((tag) => !removed.has(tag));
    setAdded(rest);
    take(rest, draft);
  };
  const addOnKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== ',') return;
    // Enter would send the form.
    event.preventDefault();
    if (draft.trim()) add(draft);
  };
  // The input would cut a list at the length of one.
  const addPasted = (event: ClipboardEvent<HTMLInputElement | HTMLTextAreaElement>) => {
    const pasted = event.clipboardData.getData('text/plain');
    if (!SEPARATOR.test(pasted.trim())) return;
    event.preventDefault();
    const { selectionStart, selectionEnd } = event.currentTarget;
    add(draft.slice(0, selectionStart ?? draft.length) + pasted + draft.slice(selectionEnd ?? draft.length));
  };
  return (
    <div className="stack tight">
      <div className="field-with-button">
        <TextField
          label="Tags"
          hint={`Words to find it by. Enter adds one; up to ${MOST}.`}
          maxLength={LONGEST}
          value={draft}
          onChange={type}
          onKeyDown={addOnKey}
          onPaste={addPasted}
          isDisabled={added.length >= MOST}
        />
        <Button onPress={() => add(draft)} isDisabled={!draft.trim()}>
          Add tag
        </Button>
      </div>
      {/* Always there, so that what comes into it is read out. */}
      <p role="status" className={leftOut.length > 0 ? 'error' : 'visually-hidden'}>
        {leftOut.length > 0 && `Up to ${MOST} tags of ${LONGEST} characters each. Not added: ${leftOut.join(', ')}.`}
      </p>
      <Added tags={added} onRemove={remove} />
    </div>
  );
}

function Added({ tags, onRemove }: { tags: string[]; onRemove: (removed: Set<Key>) => void }) {
  return (
    tags.length > 0 && (
      <TagGroup aria-label="Tags of it" onRemove={onRemove}>
        <TagList className="tags" items={tags.map((id) => ({ id }))}>
          {({ id }) => (
            <Tag textValue={id} className="badge removable">
              {id}
              <AriaButton slot="remove" className="remove">
                <X aria-hidden size={14} />
              </AriaButton>
            </Tag>
          )}
        </TagList>
      </TagGroup>
    )
  );
}

const SEPARATOR = /[,\r\n]/;

/** The tags with those that a text names, as far as there is room for them. */
function joined(tags: string[], text: string): { kept: string[]; beyond: string[] } {
  const named = text.split(SEPARATOR).map((tag) => tag.trim()).filter((tag) => tag);
  const all = [...new Set([...tags, ...named])];
  const kept = all.filter((tag) => tag.length <= LONGEST).slice(0, MOST);
  return { kept, beyond: all.filter((tag) => !kept.includes(tag)) };
}
