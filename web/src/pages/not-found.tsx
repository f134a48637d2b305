// A path that leads nowhere.
import { Compass } from 'lucide-react';
import { ButtonLink } from '../components/button.tsx';
import { EmptyState } from '../components/feedback.tsx';
import { Page } from '../components/page.tsx';

export function NotFound() {
  return (
    <Page title="Not found">
      <EmptyState icon={<Compass size={28} />} title="There is no such page">
        <p>It may have moved, or it is not yours to see.</p>
        <ButtonLink to="/" variant="primary">
          To your credentials
        </ButtonLink>
      </EmptyState>
    </Page>
  );
}
