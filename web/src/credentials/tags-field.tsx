// The tags of a credential: words that it is found by.
import { X } from 'lucide-react';
import { type KeyboardEvent, useState } from 'react';
import { Button as AriaButton, type Key, Tag, TagGroup, TagList } from 'react-aria-components';
import { Button } from '../components/button.tsx';
import { TextField } from '../components/fields.tsx';

const MOST = 20;

export function TagsField({ tags, onChange }: { tags: string[]; onChange: (tags: string[]) => void }) {
  const [draft, setDraft] = useState('');
  const [leftOut, setLeftOut] = useState<string[]>([]);
  const add = () => {
    const added = draft.split(',').map((tag) => tag.trim()).filter((tag) => tag);
    const all = [...new Set([...tags, ...added])];
    onChange(all.slice(0, MOST));
    setLeftOut(all.slice(MOST));
    setDraft('');
  };
  const remove = (removed: Set<Key>) => {
    onChange(tags.filter((tag) => !removed.has(tag)));
    setLeftOut([]);
  };
  const addOnEnter = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== ',') return;
    // Enter would send the form.
    event.preventDefault();
    if (draft.trim()) add();
  };
  return (
    <div className="stack tight">
      <div className="field-with-button">
        <TextField
          label="Tags"
          hint={`Words to find it by. Enter adds one; up to ${MOST}.`}
          maxLength={50}
          value={draft}
          onChange={setDraft}
          onKeyDown={addOnEnter}
          onBlur={() => draft.trim() && add()}
          isDisabled={tags.length >= MOST}
        />
        <Button onPress={add} isDisabled={!draft.trim()}>
          Add tag
        </Button>
      </div>
      {/* Always there, so that what comes into it is read out. */}
      <p role="status" className={leftOut.length > 0 ? 'error' : 'visually-hidden'}>
        {leftOut.length > 0 && `No more than ${MOST} tags. Not added: ${leftOut.join(', ')}.`}
      </p>
      {tags.length > 0 && (
        <TagGroup aria-label="Tags of it" onRemove={remove}>
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
      )}
    </div>
  );
}
