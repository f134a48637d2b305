// Seconds that pass, for people to see. What happens at the end goes by the clock: a computer that slept counts as well.
import { useEffect, useReducer } from 'react';

/** How many seconds are left until a moment; 0 after it, or without one. */
export function useSecondsLeft(until: number | undefined): number {
  const [, tick] = useReducer((ticks: number) => ticks + 1, 0);
  useEffect(() => {
    if (until === undefined) return;
    const interval = setInterval(tick, 250);
    return () => clearInterval(interval);
  }, [until]);
  return until === undefined ? 0 : Math.max(0, Math.ceil((until - Date.now()) / 1000));
}

const RADIUS = 20;
const AROUND = 2 * Math.PI * RADIUS;

/** A ring that empties, with the seconds in it. It is not read out each second. */
export function CountdownRing({ left, of }: { left: number; of: number }) {
  return (
    <span role="timer" aria-label={`Hidden in ${left} seconds`} className="ring">
      <svg viewBox="0 0 48 48" width={48} height={48} aria-hidden>
        <circle cx={24} cy={24} r={RADIUS} className="ring-track" />
        <circle cx={24} cy={24} r={RADIUS} className="ring-left" strokeDasharray={AROUND} strokeDashoffset={AROUND * (1 - left / of)} />
      </svg>
      <span aria-hidden>{left}</span>
    </span>
  );
}
