// Where the focus goes when what has it is taken off a page: to the heading above. Whoever works by keyboard, or listens,
// goes on from there, and not from the top of everything.
import { type RefObject, useEffect } from 'react';

/** For a page: what goes away in it does not take the focus along. */
export function useKeptFocus(page: RefObject<HTMLElement | null>): void {
  useEffect(() => (page.current ? keepFocus(page.current) : undefined), []);
}

/** Puts the focus on what cannot be operated. */
export function goTo(place: HTMLElement | null | undefined): void {
  if (!place) return;
  place.tabIndex = -1;
  place.focus();
}

function keepFocus(page: HTMLElement): () => void {
  /** What has the focus, or gets it back from a dialog, and what that is in; nothing where somebody left it himself. */
  let path: Element[] = [];
  const remember = ({ target }: FocusEvent) => {
    if (!(target instanceof Element)) return;
    if (page.contains(target)) path = upTo(page, target);
    else if (!target.closest('[role$="dialog"]')) path = [];
  };
  const forget = ({ target, relatedTarget }: FocusEvent) => {
    if (relatedTarget || !document.hasFocus()) return;
    // Browsers say this of what is being removed as well, while it is there yet.
    queueMicrotask(() => {
      const isLeft = target instanceof Element && target.isConnected && !target.closest('[inert]');
      if (isLeft && document.activeElement === document.body) path = [];
    });
  };
  const restore = () => {
    if (path[0]?.isConnected || document.activeElement !== document.body) return;
    const stayed = path.find((element) => element.isConnected);
    if (stayed) goTo(headingAbove(stayed));
  };
  // Behind a dialog, nothing takes the focus: `inert` goes last.
  const observer = new MutationObserver(restore);
  observer.observe(document.body, { childList: true, subtree: true, attributeFilter: ['inert'] });
  document.addEventListener('focusin', remember);
  document.addEventListener('focusout', forget);
  return () => {
    observer.disconnect();
    document.removeEventListener('focusin', remember);
    document.removeEventListener('focusout', forget);
  };
}

function upTo(page: Element, element: Element): Element[] {
  return element === page || !element.parentElement ? [element] : [element, ...upTo(page, element.parentElement)];
}

/** Of the part of the page that it is in, or of a larger one where that part has none. */
function headingAbove(element: Element): HTMLElement | null {
  const part = element.closest('article, section, fieldset');
  const heading = part?.querySelector<HTMLElement>(':scope > legend, h1, h2');
  return heading ?? (part?.parentElement ? headingAbove(part.parentElement) : null);
}
