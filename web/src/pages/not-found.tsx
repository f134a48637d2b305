// A path that leads nowhere.
import { Brand } from '../components/brand.tsx';
import { ButtonLink } from '../components/button.tsx';
import { useTitle } from '../components/page.tsx';

export function NotFound() {
  useTitle('Not found');
  return (
    <div className="narrow">
      <main>
        <Brand />
        <h1>There is no such page</h1>
        <p className="muted">It may have moved, or it is not yours to see.</p>
        <ButtonLink to="/" variant="primary">
          To your credentials
        </ButtonLink>
      </main>
    </div>
  );
}
