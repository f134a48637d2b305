// Putting a text on the clipboard, when somebody asks for it. Must never keep the text itself.
import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { Button } from './button.tsx';

type State = 'ready' | 'copied' | 'refused';

const WORDS = { copied: 'Copied', refused: 'Select it and copy it by hand' };

export function CopyButton({ text, label, autoFocus }: { text: string; label: string; autoFocus?: boolean }) {
  const [state, setState] = useState<State>('ready');
  const copy = async () => {
    // There is no clipboard on a page without TLS.
    const outcome: State = await Promise.resolve(navigator.clipboard?.writeText(text).then(() => 'copied' as const))
      .then((copied) => copied ?? 'refused')
      .catch(() => 'refused' as const);
    setState(outcome);
  };
  return (
    <span className="copy">
      <Button autoFocus={autoFocus} onPress={copy} aria-label={state === 'copied' ? undefined : label}>
        {state === 'copied' ? <Check aria-hidden size={16} /> : <Copy aria-hidden size={16} />}
        {state === 'copied' ? 'Copied' : 'Copy'}
      </Button>
      <span role="status" className={state === 'refused' ? 'hint' : 'visually-hidden'}>
        {state !== 'ready' && WORDS[state]}
      </span>
    </span>
  );
}
