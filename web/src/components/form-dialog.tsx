// Dialogs in which something is filled in and sent.
import type { FormEvent, ReactNode } from 'react';
import { Form } from 'react-aria-components';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Failure } from './feedback.tsx';

type FormDialogProps = {
  title: string;
  /** What sending it is called on its button. */
  act: string;
  danger?: boolean;
  mutation: { mutate: () => void; isPending: boolean; error: Error | null };
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
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutation.mutate();
  };
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
