// The frame of pages that stand by themselves, without navigation.
import type { ReactNode } from 'react';
import { Brand } from './brand.tsx';
import { Heading } from './page.tsx';

export function Narrow({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  return (
    <div className="narrow">
      <main>
        <Brand />
        <header>
          <Heading title={title} />
          {lead && <p className="muted">{lead}</p>}
        </header>
        {children}
      </main>
    </div>
  );
}
