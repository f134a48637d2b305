// The tags of a credential: words that it is found by.
import { X } from 'lucide-react';
import { type KeyboardEvent, useState } from 'react';
import { Button as AriaButton, Tag, TagGroup, TagList } from 'react-aria-components';
import { Button } from '../components/button.tsx';
import { TextField } from '../components/fields.tsx';

const MOST = 20;

export function TagsField({ tags, onChange }: { tags: string[]; onChange: (tags: string[]) => void }) {
  const [draft, setDraft] = useState('');
  const add = () => {
    const added = draft.split(',').map((tag) => tag.trim()).filter((tag) => tag);
    onChange([...new Set([...tags, ...added])].slice(0, MOST));
    setDraft('');
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
      {tags.length > 0 && (
        <TagGroup aria-label="Tags of it" onRemove={(removed) => onChange(tags.filter((tag) => !removed.has(tag)))}>
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
