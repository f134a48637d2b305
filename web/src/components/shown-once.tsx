// A token or an invitation, in the one moment in which it is shown. It is in the page for as long as this is rendered, and
// whoever renders it must let go of it when the dialog closes.
import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import { CopyButton } from './copy.tsx';
import { Notice } from './feedback.tsx';
import { usePageHide } from './page-hide.ts';

type ShownOnceProps = { name: string; secret: string; children?: ReactNode; onClose: () => void };

export function ShownOnce({ name, secret, children, onClose }: ShownOnceProps) {
  usePageHide(onClose);
  return (
    <>
      <Notice tone="warning" title="Copy it now">
        <p>It is shown this once. Nobody can look it up later, and you cannot either.</p>
      </Notice>
      <div className="once">
        <code className="secret" aria-label={name}>
          {secret}
        </code>
        {/* What was filled in is gone, and the focus with it. */}
        <CopyButton autoFocus text={secret} label={`Copy the ${name.toLowerCase()}`} />
      </div>
      {children}
      <footer>
        <Button variant="primary" onPress={onClose}>
          Done
        </Button>
      </footer>
    </>
  );
}
