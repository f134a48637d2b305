// Sending a form once, however often Enter is pressed before the answer.
import { type FormEvent, useRef } from 'react';

export type Sending = { mutate: (nothing: void, options: { onSettled: () => void }) => void; isPending: boolean };

export function useSubmit({ mutate, isPending }: Sending): (event: FormEvent) => void {
  // `isPending` is of the last drawing, which a second press may come before.
  const isSent = useRef(false);
  const allowAgain = () => {
    isSent.current = false;
  };
  return (event) => {
    event.preventDefault();
    if (isSent.current || isPending) return;
    isSent.current = true;
    mutate(undefined, { onSettled: allowAgain });
  };
}
