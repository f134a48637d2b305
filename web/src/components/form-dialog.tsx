// Dialogs in which something is filled in and sent.
import type { ReactNode } from 'react';
import { Form } from 'react-aria-components';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Failure } from './feedback.tsx';
import { type Sending, useSubmit } from './submit.ts';

type FormDialogProps = {
  title: string;
  /** What sending it is called on its button. */
  act: string;
  danger?: boolean;
  mutation: Sending & { error: Error | null };
  onClose: () => void;
  children: ReactNode;
};

export function FormDialog({ title, onClose, ...form }: FormDialogProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <DialogForm {...form} onClose={onClose} />
    </Dialog>
  );
}

/** The form itself, for a dialog that shows something else once it is sent. */
export function DialogForm({ act, danger, mutation, onClose, children }: Omit<FormDialogProps, 'title'>) {
  const submit = useSubmit(mutation);
  return (
    <Form className="stack" onSubmit={submit}>
      {children}
      {mutation.error && <Failure error={mutation.error} />}
      <footer>
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" variant={danger ? 'danger' : 'primary'} isPending={mutation.isPending}>
          {act}
        </Button>
      </footer>
    </Form>
  );
}
