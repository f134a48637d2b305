// What is known of a thing: a list of names and what they are.
import type { ReactNode } from 'react';

/** Facts that are not there (null, undefined, false) are left out. */
export function Facts({ facts }: { facts: Record<string, ReactNode> }) {
  const known = Object.entries(facts).filter(([, fact]) => fact !== null && fact !== undefined && fact !== false);
  return (
    <dl className="facts">
      {known.map(([name, fact]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{fact}</dd>
        </div>
      ))}
    </dl>
  );
}
