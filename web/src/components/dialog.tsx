// Dialogs: the focus stays inside, Escape closes, and it returns to where it was.
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { shownName } from '../shown-name.ts';
import { Button, IconButton } from './button.tsx';
import { Failure } from './feedback.tsx';

type DialogProps = {
  title: string;
  onClose: () => void;
  children: ReactNode;
  role?: 'dialog' | 'alertdialog';
  /** Not closed by a press beside it: what it shows does not come back. */
  isKept?: boolean;
};

/** Open for as long as it is rendered. */
export function Dialog({ title, onClose, children, role = 'dialog', isKept }: DialogProps) {
  return (
    <ModalOverlay isOpen isDismissable={!isKept} onOpenChange={(open) => open || onClose()} className="overlay">
      <Modal className="modal">
        <AriaDialog role={role} className="dialog">
          <header>
            <Heading slot="title" level={2}>
              {shownName(title)}
            </Heading>
            <IconButton label="Close" onPress={onClose}>
              <X aria-hidden size={18} />
            </IconButton>
          </header>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

type ConfirmProps = {
  title: string;
  /** What the act is called on its button. */
  act: string;
  /** What will happen, and whether there is a way back. */
  children: ReactNode;
  danger?: boolean;
  mutation: { mutate: () => void; isPending: boolean; error: Error | null };
  onClose: () => void;
};

/** Asks before something is done. */
export function ConfirmDialog({ title, act, children, danger, mutation, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose} role="alertdialog">
      <div className="stack">{children}</div>
      {mutation.error && <Failure error={mutation.error} />}
      <footer>
        <Button onPress={onClose}>Cancel</Button>
        <Button variant={danger ? 'danger' : 'primary'} isPending={mutation.isPending} onPress={mutation.mutate}>
          {act}
        </Button>
      </footer>
    </Dialog>
  );
}
