// The frame of each page: its title, in the document as well, and what can be done on it. What goes away on a page does not
// take the focus along.
import { ChevronLeft } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { Link, useLocation, useNavigationType } from 'react-router';
import { shownName } from '../shown-name.ts';
import { useKeptFocus } from './kept-focus.ts';

type PageProps = {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  /** The page that this one belongs to. */
  parent?: { to: string; title: string };
  /** What the thing that the page is about is known by. */
  icon?: ReactNode;
  children: ReactNode;
};

export function Page({ title, lead, actions, parent, icon, children }: PageProps) {
  const page = useRef<HTMLElement>(null);
  useKeptFocus(page);
  return (
    <article ref={page} className="page">
      {parent && (
        <Link to={parent.to} className="parent">
          <ChevronLeft aria-hidden size={16} />
          {shownName(parent.title)}
        </Link>
      )}
      <header className="page-header">
        {icon}
        <div className="page-title">
          <Heading title={title} />
          {lead && <p className="muted">{lead}</p>}
        </div>
        {actions && <div className="row">{actions}</div>}
      </header>
      {children}
    </article>
  );
}

/** A part of a page, under a heading of its own. */
export function Section({ title, lead, actions, children }: Omit<PageProps, 'parent' | 'icon'>) {
  return (
    <section className="section">
      <header className="section-header">
        <div>
          <h2>{title}</h2>
          {lead && <p className="muted">{lead}</p>}
        </div>
        {actions && <div className="row">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

/**
 * The heading of a page, which is what the browser calls it as well. Whoever came by a link goes on from here: what was
 * pressed is gone, and the focus would be with it.
 */
export function Heading({ title: name }: { title: string }) {
  const title = shownName(name);
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useLocation().key === 'default';
  // The browser knows how far down one was.
  const preventScroll = useNavigationType() === 'POP';
  useEffect(() => {
    document.title = `${title} · Strongroom`;
  }, [title]);
  useEffect(() => {
    if (!isFirst) heading.current?.focus({ preventScroll });
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {title}
    </h1>
  );
}
