// What a page says of how it goes: under way, failed, nothing there, done.
import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { ProgressBar } from 'react-aria-components';
import { Refusal } from '../api.ts';
import { Button } from './button.tsx';

export function Loading({ label = 'Loading' }: { label?: string }) {
  return (
    <ProgressBar isIndeterminate aria-label={label} className="loading">
      <span className="spinner" />
    </ProgressBar>
  );
}

type Tone = 'info' | 'success' | 'warning' | 'danger';

const ICONS = { info: Info, success: CircleCheck, warning: TriangleAlert, danger: CircleAlert };

type NoticeProps = {
  tone?: Tone;
  title?: string;
  /** Where what had the focus goes as this comes. */
  takesFocus?: boolean;
  children?: ReactNode;
};

/** Something to be told. Failures are read out at once. */
export function Notice({ tone = 'info', title, takesFocus, children }: NoticeProps) {
  const Icon = ICONS[tone];
  return (
    <div
      className={`notice ${tone}`}
      role={tone === 'danger' ? 'alert' : 'status'}
      {...(takesFocus && { ref: focus, tabIndex: -1 })}
    >
      <Icon aria-hidden size={20} />
      <div>
        {title && <strong>{title}</strong>}
        {children}
      </div>
    </div>
  );
}

function focus(element: HTMLElement | null): void {
  element?.focus();
}

/** Why something did not happen, in the server's words, and whom to quote it to. */
export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
  return (
    <Notice tone="danger">
      <p>{sentence(error.message)}</p>
      {error instanceof Refusal && error.retryAfter && <p>{inWords(error.retryAfter)}</p>}
      {error instanceof Refusal && error.status >= 500 && <p className="hint">Request {error.requestId}</p>}
      {retry && (
        <Button variant="quiet" onPress={retry}>
          Try again
        </Button>
      )}
    </Notice>
  );
}

/** The API's details begin small and end open, for programs join them to what they say; some begin with a field's name. */
export function sentence(detail: string): string {
  const text = detail.replace(/^[a-z]+(_[a-z]+)+: /, '');
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');
}

function inWords(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  return seconds < 90 ? `You can try again in ${seconds} seconds.` : `You can try again in ${minutes} minutes.`;
}

/** Nothing here yet: what belongs here, and how it comes. */
export function EmptyState({ icon, title, children }: { icon: ReactNode; title: string; children: ReactNode }) {
  return (
    <section className="empty">
      <span className="empty-icon" aria-hidden>
        {icon}
      </span>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

export function Badge({ tone = 'neutral', children }: { tone?: Tone | 'neutral'; children: ReactNode }) {
  return <span className={`badge ${tone}`}>{children}</span>;
}
