// What can be said of a credential besides its value, as it is being written: when it is made, and when it is edited.
import type { Schemas } from '../api.ts';
import { TextField } from '../components/fields.tsx';
import type { Credential } from './api.ts';
import { dayOf, endOfDay, ExpiryField } from './expiry.tsx';
import { draftOf, MetadataField, type MetadataDraft, metadataOf } from './metadata-field.tsx';
import { TagsField } from './tags-field.tsx';

export type Details = { description: string; tags: string[]; expires: string; metadata: MetadataDraft };

export const NO_DETAILS: Details = { description: '', tags: [], expires: '', metadata: { pairs: [] } };

export function detailsOf({ description, tags, expires_at, metadata }: Credential): Details {
  return { description: description ?? '', tags, expires: dayOf(expires_at), metadata: draftOf(metadata) };
}

/** For a new credential. Undefined while the details are not fit to be sent. */
export function newDetails({ description, tags, expires, metadata }: Details) {
  const said = metadataOf(metadata);
  return said && { description: description.trim() || null, tags, expires_at: endOfDay(expires), metadata: said };
}

/** What differs from what `seen` says, and nothing else. Undefined while the details are not fit to be sent. */
export function changes(seen: Credential, name: string, details: Details): Schemas['CredentialPatch'] | undefined {
  const next = newDetails(details);
  if (!next) return undefined;
  const differs = (one: unknown, other: unknown) => JSON.stringify(one) !== JSON.stringify(other);
  return {
    ...(name.trim() !== seen.name && { name: name.trim() }),
    ...(differs(next.description, seen.description ?? null) && { description: next.description }),
    ...(differs(next.tags, seen.tags) && { tags: next.tags }),
    // A day names no time: one that was not touched stays to the second.
    ...(details.expires !== dayOf(seen.expires_at) && { expires_at: next.expires_at }),
    ...(differs(next.metadata, seen.metadata) && { metadata: next.metadata }),
  };
}

export function DetailsFields({ details, onChange }: { details: Details; onChange: (details: Details) => void }) {
  const set = (change: Partial<Details>) => onChange({ ...details, ...change });
  return (
    <>
      <TextField
        label="Description"
        rows={3}
        maxLength={2000}
        hint="What it is for, and what breaks without it."
        value={details.description}
        onChange={(description) => set({ description })}
      />
      <ExpiryField
        hint="At the end of that day. It is a reminder: the value is not touched."
        value={details.expires}
        onChange={(expires) => set({ expires })}
      />
      <TagsField tags={details.tags} onChange={(tags) => set({ tags })} />
      <MetadataField draft={details.metadata} onChange={(metadata) => set({ metadata })} />
    </>
  );
}
