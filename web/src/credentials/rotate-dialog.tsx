// The next value of a credential: the previous one is kept, and may work for a while yet.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Select } from '../components/fields.tsx';
import { FormDialog } from '../components/form-dialog.tsx';
import { type Credential, useRereadCredentials, useVault } from './api.ts';
import { endOfDay, ExpiryField } from './expiry.tsx';
import { useRequestKey } from './request-key.ts';
import { SecretInput } from './secret-input.tsx';

const GRACES = [
  { id: '0', label: 'Not at all', detail: 'Only those who manage it can look at it.' },
  { id: '3600', label: 'For an hour' },
  { id: '86400', label: 'For a day' },
  { id: '604800', label: 'For a week' },
  { id: '2592000', label: 'For 30 days' },
] as const;
type Seconds = (typeof GRACES)[number]['id'];

export function RotateDialog({ credential, onClose }: { credential: Credential; onClose: () => void }) {
  const vault = useVault();
  const reread = useRereadCredentials();
  const key = useRequestKey();
  const [value, setValue] = useState('');
  const [grace, setGrace] = useState<Seconds>('0');
  const [expires, setExpires] = useState('');
  const rotate = useMutation({
    gcTime: 0,
    mutationFn: () => {
      const grace_seconds = Number(grace) || null;
      return vault.rotate(credential, { value, grace_seconds, expires_at: endOfDay(expires) }, key.current);
    },
    onSuccess: async () => {
      setValue('');
      await reread();
      onClose();
    },
    onError: async (error) => {
      key.renewIfUsed(error);
      // Whoever was told that it has changed may go on from there.
      await reread();
    },
  });
  return (
    <FormDialog title={`Rotate ${credential.name}`} act="Rotate" mutation={rotate} onClose={onClose}>
      <p>Create a new value at the provider and paste it here. The current one stays as version {credential.version}.</p>
      <SecretInput label="New value" provider={credential.provider} value={value} onChange={setValue} />
      <Select
        label="Previous value keeps working"
        hint="To programs that ask for its version, until all of them have the new one."
        options={GRACES}
        value={grace}
        onChange={setGrace}
      />
      <ExpiryField
        label="New value expires"
        hint={credential.expires_at ? 'Leave empty to keep the current date.' : 'At the end of that day.'}
        none={credential.expires_at ? 'As before' : 'Never'}
        value={expires}
        onChange={setExpires}
      />
    </FormDialog>
  );
}
