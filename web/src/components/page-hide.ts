// Taking a secret off the page at once when the page is put aside: browsers may draw it as it was when somebody comes back.
import { useEffect } from 'react';
import { flushSync } from 'react-dom';

export function usePageHide(hide: () => void): void {
  useEffect(() => {
    const hideNow = () => flushSync(hide);
    window.addEventListener('pagehide', hideNow);
    return () => window.removeEventListener('pagehide', hideNow);
  }, [hide]);
}
