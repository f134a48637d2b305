// A value in the clipboard: put there on request, and taken out again after half a minute. To read what is in the clipboard
// a page has to ask for a permission, so that it is emptied whatever is in it, unless something else was copied from here.
// Must never keep the value itself.
import { useEffect, useRef, useSyncExternalStore } from 'react';

export const KEPT_SECONDS = 30;

export type ClipboardState =
  | { phase: 'idle' | 'emptied' }
  | { phase: 'holding'; until: number }
  /** The half minute is over; browsers let a page write only while somebody is in it. */
  | { phase: 'waiting' }
  | { phase: 'refused' };

let state: ClipboardState = { phase: 'idle' };
let timer: ReturnType<typeof setTimeout> | undefined;
const readers = new Set<() => void>();

/** What is to be said of the clipboard. */
export function useClipboard(): ClipboardState {
  return useSyncExternalStore(subscribe, () => state);
}

/** Browsers have no clipboard for pages that did not come over HTTPS or from this machine. */
export const hasClipboard = 'clipboard' in navigator;

/**
 * Puts a value into the clipboard, also one that is yet to come: some browsers ask that writing begins with the click. One that
 * comes when whoever asked has gone from the page stays out.
 */
export function useCopySecret(): (value: Promise<string>) => Promise<void> {
  const leaving = useRef(new AbortController());
  useEffect(() => {
    const controller = new AbortController();
    leaving.current = controller;
    return () => controller.abort();
  }, []);
  return (value) => copySecret(value, leaving.current.signal);
}

async function copySecret(value: Promise<string>, left: AbortSignal): Promise<void> {
  if (!hasClipboard) throw new Error('Copying needs a page over HTTPS.');
  const text = value.then((text) => {
    left.throwIfAborted();
    return new Blob([text], { type: 'text/plain' });
  });
  const written = navigator.clipboard.write([new ClipboardItem({ 'text/plain': text })]);
  // Why there is no value says more than that nothing was written.
  const [obtained, wrote] = await Promise.allSettled([value, written]);
  if (obtained.status === 'rejected') throw obtained.reason;
  if (wrote.status === 'rejected') throw new Error('The browser did not let the value into the clipboard.');
  // Not before: where this one did not get in, the former is still there to be taken out.
  forget();
  say({ phase: 'holding', until: Date.now() + KEPT_SECONDS * 1000 });
  timer = setTimeout(emptyClipboard, KEPT_SECONDS * 1000);
  document.addEventListener('copy', forgetWhatIsReplaced);
  document.addEventListener('cut', forgetWhatIsReplaced);
}

/** Takes the value out now, or as soon as somebody is in the page. */
export async function emptyClipboard(): Promise<void> {
  forget();
  if (!document.hasFocus()) {
    window.addEventListener('focus', emptyClipboard, { once: true });
    return say({ phase: 'waiting' });
  }
  await navigator.clipboard.writeText('').then(
    () => say({ phase: 'emptied' }),
    () => say({ phase: 'refused' }),
  );
}

/** Takes the message away. */
export function dismissClipboard(): void {
  forget();
  say({ phase: 'idle' });
}

function forgetWhatIsReplaced(event: Event): void {
  if (!event.defaultPrevented && replaces(event)) dismissClipboard();
}

/** Whether something comes into the clipboard: where nothing is selected, and from a masked input, nothing does. */
function replaces({ type, target }: Event): boolean {
  if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) {
    const isLetOut = target.type !== 'password' && (type === 'copy' || !target.readOnly);
    return isLetOut && target.selectionStart !== target.selectionEnd;
  }
  return type === 'copy' && `${document.getSelection() ?? ''}` !== '';
}

function forget(): void {
  clearTimeout(timer);
  window.removeEventListener('focus', emptyClipboard);
  document.removeEventListener('copy', forgetWhatIsReplaced);
  document.removeEventListener('cut', forgetWhatIsReplaced);
}

function say(next: ClipboardState): void {
  state = next;
  readers.forEach((read) => read());
}

function subscribe(read: () => void): () => void {
  readers.add(read);
  return () => readers.delete(read);
}
