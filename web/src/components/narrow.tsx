// The frame of pages that stand by themselves, without navigation.
import type { ReactNode } from 'react';
import { Brand } from './brand.tsx';
import { useTitle } from './page.tsx';

export function Narrow({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  useTitle(title);
  return (
    <div className="narrow">
      <main>
        <Brand />
        <header>
          <h1>{title}</h1>
          {lead && <p className="muted">{lead}</p>}
        </header>
        {children}
      </main>
    </div>
  );
}
