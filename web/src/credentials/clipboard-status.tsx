// What became of the value in the clipboard, on whatever page one is by then.
import { Button, IconButton } from '../components/button.tsx';
import { X } from 'lucide-react';
import { type ClipboardState, dismissClipboard, emptyClipboard, KEPT_SECONDS, useClipboard } from './clipboard.ts';
import { useSecondsLeft } from './countdown.tsx';

export function ClipboardStatus() {
  const state = useClipboard();
  const left = useSecondsLeft(state.phase === 'holding' ? state.until : undefined);
  const isOpen = state.phase === 'waiting' || state.phase === 'holding' || state.phase === 'refused';
  return (
    <div className={state.phase === 'idle' ? 'clipboard idle' : 'clipboard'}>
      <p role="status">{SAYS[state.phase]}</p>
      {state.phase === 'holding' && (
        <span role="timer" className="mono">
          {left} s
        </span>
      )}
      {isOpen && <Button onPress={emptyClipboard}>Empty it now</Button>}
      {state.phase === 'emptied' && (
        <IconButton label="Dismiss" onPress={dismissClipboard}>
          <X aria-hidden size={16} />
        </IconButton>
      )}
    </div>
  );
}

const SAYS: Record<ClipboardState['phase'], string> = {
  idle: '',
  holding: `The value is in the clipboard. While this page is open, it is emptied after ${KEPT_SECONDS} seconds.`,
  waiting: 'The clipboard is emptied as soon as you are back in this page.',
  emptied: 'The clipboard is empty again.',
  refused: 'The browser did not let the clipboard be emptied. Try again, or copy something else.',
};
