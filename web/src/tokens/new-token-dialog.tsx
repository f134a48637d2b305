// Making a token: what it is for, and then the token itself, this once. It is nowhere after the dialog has closed.
import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { Schemas } from '../api.ts';
import { Dialog } from '../components/dialog.tsx';
import { DialogForm } from '../components/form-dialog.tsx';
import { ShownOnce } from '../components/shown-once.tsx';
import { EMPTY_DRAFT, newToken, type TokenDraft } from './token-fields.tsx';

type NewTokenDialogProps = {
  create: (token: Schemas['NewApiToken']) => Promise<Schemas['IssuedToken']>;
  /** The list that it will be in. */
  list: QueryKey;
  onClose: () => void;
  children: (draft: { draft: TokenDraft; onChange: (draft: TokenDraft) => void }) => ReactNode;
};

export function NewTokenDialog({ create, list, onClose, children }: NewTokenDialogProps) {
  const [draft, onChange] = useState(EMPTY_DRAFT);
  const client = useQueryClient();
  const make = useMutation({
    mutationFn: () => create(newToken(draft)),
    onSuccess: () => client.invalidateQueries({ queryKey: list }),
    // Else it would stay in memory for minutes.
    gcTime: 0,
  });
  const issued = make.data;
  return (
    <Dialog title={issued ? 'Your new token' : 'New token'} onClose={onClose} isKept={Boolean(issued)}>
      {issued ? (
        <ShownOnce name="Token" secret={issued.token} onClose={onClose}>
          <p className="hint">
            Programs send it as <code>Authorization: Bearer …</code>. Revoke it here once it is not needed any more.
          </p>
        </ShownOnce>
      ) : (
        <DialogForm act="Create token" mutation={make} onClose={onClose}>
          {children({ draft, onChange })}
        </DialogForm>
      )}
    </Dialog>
  );
}
