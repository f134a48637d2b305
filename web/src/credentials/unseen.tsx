// What a page of one credential shows instead of it.
import { Refusal } from '../api.ts';
import { Failure } from '../components/feedback.tsx';
import { Page } from '../components/page.tsx';
import { NotFound } from '../pages/not-found.tsx';

/** It is not there, or not for whoever asks: nobody says which. */
export function isGone(error: Error): boolean {
  return error instanceof Refusal && error.status === 404;
}

export function Unseen({ error, retry }: { error: Error; retry: () => void }) {
  if (isGone(error)) return <NotFound />;
  return (
    <Page title="Credential">
      <Failure error={error} retry={retry} />
    </Page>
  );
}
