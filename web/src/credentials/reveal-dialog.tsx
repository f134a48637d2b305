// Looking at a value: a warning, an explicit click, half a minute with a countdown. Then, or on Escape, or when the tab is left,
// it is gone from the page. A value lives in this dialog's state alone, and only while it is on the screen.
// Must never put it into the query cache, an address, storage or a message.
import { useMutation } from '@tanstack/react-query';
import { Copy, Eye, EyeOff } from 'lucide-react';
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { Refusal } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Dialog } from '../components/dialog.tsx';
import { Failure, Notice } from '../components/feedback.tsx';
import { usePageHide } from '../components/page-hide.ts';
import { type Credential, useRereadCredentials, useVault } from './api.ts';
import { hasClipboard, useCopySecret } from './clipboard.ts';
import { ClipboardStatus } from './clipboard-status.tsx';
import { CountdownRing, useSecondsLeft } from './countdown.tsx';

const SHOWN_SECONDS = 30;
const LEFT = 'The value is hidden: you left this tab.';

type Shown = { value: string; until: number };
type Target = { credential: Credential; version?: number };

export function RevealDialog({ credential, version, onClose }: Target & { onClose: () => void }) {
  const [shown, setShown] = useState<Shown>();
  const [whyHidden, setWhyHidden] = useState<string>();
  const hide = useCallback((why: string) => {
    setShown(undefined);
    setWhyHidden(why);
  }, []);
  const show = (value: string) => setShown({ value, until: Date.now() + SHOWN_SECONDS * 1000 });
  const title = version === undefined ? `Reveal ${credential.name}` : `Reveal version ${version} of ${credential.name}`;
  return (
    <Dialog title={title} onClose={onClose}>
      {shown ? (
        <ShownValue {...shown} onHide={hide} />
      ) : (
        <Warning target={{ credential, version }} whyHidden={whyHidden} onValue={show} />
      )}
    </Dialog>
  );
}

type WarningProps = { target: Target; whyHidden: string | undefined; onValue: (value: string) => void };

function Warning({ target, whyHidden, onValue }: WarningProps) {
  const { reveal, allowedAt } = useReveal(target, onValue);
  const wait = useSecondsLeft(allowedAt);
  const isUnderWay = (way: 'show' | 'copy') => reveal.isPending && reveal.variables === way;
  const begin = (way: 'show' | 'copy') => reveal.isPending || reveal.mutate(way);
  return (
    <>
      {whyHidden && (
        <p tabIndex={-1} ref={focus}>
          {whyHidden}
        </p>
      )}
      <Notice tone="warning" title="Before you look">
        <p>It is recorded that you looked, with the time and from where.</p>
        <p>Is anybody looking at your screen, or are you sharing it? The value is hidden again after {SHOWN_SECONDS} seconds.</p>
      </Notice>
      {wait > 0 && <TooMany wait={wait} />}
      {reveal.error && !allowedAt && <Failure error={reveal.error} />}
      <ClipboardStatus />
      {!hasClipboard && <p className="hint">Copying needs a page over HTTPS.</p>}
      <footer>
        <Button isDisabled={!hasClipboard || wait > 0} isPending={isUnderWay('copy')} onPress={() => begin('copy')}>
          <Copy aria-hidden size={16} /> Copy without showing
        </Button>
        <Button variant="primary" isDisabled={wait > 0} isPending={isUnderWay('show')} onPress={() => begin('show')}>
          <Eye aria-hidden size={16} /> {whyHidden ? 'Show it again' : 'Show the value'}
        </Button>
      </footer>
    </>
  );
}

/** What had the focus is gone with the value; where it is now, it is read out, and Escape closes the dialog. */
function focus(element: HTMLElement | null): void {
  element?.focus();
}

/** The two ways to a value. Neither leaves it in the cache of mutations: what comes back to there is nothing. */
function useReveal({ credential, version }: Target, onValue: (value: string) => void) {
  const vault = useVault();
  const reread = useRereadCredentials();
  const copySecret = useCopySecret();
  const [allowedAt, setAllowedAt] = useState<number>();
  const reveal = useMutation({
    gcTime: 0,
    mutationFn: async (way: 'show' | 'copy') => {
      const value = vault.reveal(credential.id, version);
      return way === 'show' ? onValue(await value) : copySecret(value);
    },
    onMutate: () => setAllowedAt(undefined),
    onError: (error) => {
      const isLimit = error instanceof Refusal && error.status === 429;
      if (isLimit) setAllowedAt(Date.now() + (error.retryAfter ?? 60) * 1000);
    },
    // It was used just now.
    onSuccess: () => void reread(),
  });
  return { reveal, allowedAt };
}

function TooMany({ wait }: { wait: number }) {
  return (
    <Notice tone="warning" title="That is enough for this minute">
      <p>
        Only so many values a minute can be looked at, so that whoever finds your screen unlocked does not empty the vault.
      </p>
      <p>
        You can look again in <strong role="timer">{wait} s</strong>.
      </p>
    </Notice>
  );
}

function ShownValue({ value, until, onHide }: Shown & { onHide: (why: string) => void }) {
  const left = useSecondsLeft(until);
  useHiding(until, onHide);
  const hide = useRef<HTMLButtonElement>(null);
  // Before anything is painted: with the focus nowhere, Escape would reach no dialog and the value would stay.
  useLayoutEffect(() => hide.current?.focus(), []);
  const copySecret = useCopySecret();
  const copy = useMutation({ gcTime: 0, mutationFn: () => copySecret(Promise.resolve(value)) });
  const box = useRef<HTMLDivElement>(null);
  useCopyOf(box, copy.mutate);
  return (
    <>
      <div className="shown">
        <div ref={box} role="textbox" aria-label="Value" aria-readonly aria-multiline tabIndex={0} className="revealed mono">
          {value}
        </div>
        <CountdownRing left={left} of={SHOWN_SECONDS} />
      </div>
      <p className="hint">It is hidden when the ring is empty, and at once when you leave this tab or press Escape.</p>
      {copy.error && <Failure error={copy.error} />}
      <ClipboardStatus />
      <footer>
        <Button isDisabled={!hasClipboard} isPending={copy.isPending} onPress={() => copy.mutate()}>
          <Copy aria-hidden size={16} /> Copy
        </Button>
        <Button variant="primary" ref={hide} onPress={() => onHide('The value is hidden.')}>
          <EyeOff aria-hidden size={16} /> Hide
        </Button>
      </footer>
    </>
  );
}

/**
 * Whoever selects it and copies, alone or with all that is around it, gets the same as by the button: a clipboard that is
 * emptied.
 */
function useCopyOf(box: RefObject<HTMLDivElement | null>, copy: () => void): void {
  useEffect(() => {
    const copyInstead = (event: Event) => {
      if (!box.current || !isSelected(box.current)) return;
      event.preventDefault();
      copy();
    };
    // Before anybody who asks whether the clipboard was replaced.
    document.addEventListener('copy', copyInstead, { capture: true });
    return () => document.removeEventListener('copy', copyInstead, { capture: true });
  }, [box, copy]);
}

/** Wholly or in part. */
function isSelected(element: Element): boolean {
  const selection = document.getSelection();
  if (!selection || selection.isCollapsed) return false;
  // Firefox selects in several places at once.
  return Array.from({ length: selection.rangeCount }, (_, index) => selection.getRangeAt(index)).some((range) => range.intersectsNode(element));
}

/** Hides it when the time is over, and when nobody is before it any more. */
function useHiding(until: number, onHide: (why: string) => void): void {
  const leave = useCallback(() => onHide(LEFT), [onHide]);
  usePageHide(leave);
  useEffect(() => {
    const timer = setTimeout(() => onHide(`The value is hidden again: ${SHOWN_SECONDS} seconds are over.`), until - Date.now());
    // It may have been left before the value came.
    if (document.hidden) leave();
    const hideWithTab = () => document.hidden && flushSync(leave);
    document.addEventListener('visibilitychange', hideWithTab);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', hideWithTab);
    };
  }, [until, onHide, leave]);
}
