// A credential that is not there, or not for whoever asks: nobody says which.
import { KeyRound } from 'lucide-react';
import { Refusal } from '../api.ts';
import { ButtonLink } from '../components/button.tsx';
import { EmptyState, Failure } from '../components/feedback.tsx';
import { Page } from '../components/page.tsx';
import { useVault } from './api.ts';

export function Elsewhere() {
  const { pages, isSystem } = useVault();
  return (
    <Page title="Not found">
      <EmptyState icon={<KeyRound size={24} />} title="There is nothing here for you to see">
        <p>It may be gone, or it is not yours to see. Whoever owns it can share it with you.</p>
        <ButtonLink to={pages} variant="primary">
          {isSystem ? 'To the admin secrets' : 'To your credentials'}
        </ButtonLink>
      </EmptyState>
    </Page>
  );
}

/** What a page of one credential shows instead of it. */
export function Unseen({ error, retry }: { error: Error; retry: () => void }) {
  // An address whose id is none is refused before anything is looked for.
  const isElsewhere = error instanceof Refusal && [400, 404].includes(error.status);
  return isElsewhere ? <Elsewhere /> : (
    <Page title="Credential">
      <Failure error={error} retry={retry} />
    </Page>
  );
}
