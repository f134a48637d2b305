// What a request is called, so that one whose answer got lost and that is sent again happens once (Idempotency-Key).
import { useState } from 'react';
import { Refusal } from '../api.ts';

export function useRequestKey() {
  const [current, setCurrent] = useState(newKey);
  return {
    current,
    /** After a refusal because the key was another request's: what was changed since is a request of its own. */
    renewIfUsed: (error: Error) => {
      if (error instanceof Refusal && error.code === 'idempotency-key-reused') setCurrent(newKey());
    },
  };
}

/** crypto.randomUUID is missing on pages that did not come over HTTPS or from this machine. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16)).join('-');
}
