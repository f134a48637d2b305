// The frame of each page: its title, in the document as well, and what can be done on it.
import { ChevronLeft } from 'lucide-react';
import { type ReactNode, useEffect } from 'react';
import { Link } from 'react-router';

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
  useTitle(title);
  return (
    <article className="page">
      {parent && (
        <Link to={parent.to} className="parent">
          <ChevronLeft aria-hidden size={16} />
          {parent.title}
        </Link>
      )}
      <header className="page-header">
        {icon}
        <div className="page-title">
          <h1>{title}</h1>
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

/** What the browser calls the page. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Strongroom`;
  }, [title]);
}
