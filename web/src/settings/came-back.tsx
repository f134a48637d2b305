// What a return from the OpenID provider came to that led no further: the server names the problem in the address, and nothing else.
import { useSearchParams } from 'react-router';
import { Notice } from '../components/feedback.tsx';

const WORDS: Record<string, string> = {
  unauthenticated: 'Nobody came in from the provider. Begin again; whoever is new here needs an invitation of an administrator.',
  conflict: 'That identity signs somebody else in here, and cannot be linked to you.',
  forbidden: 'The session that began to link an identity has ended. Begin again.',
  unavailable: 'The provider does not answer just now. Try again in a while.',
};

/** Says it, where there is something to say. */
export function CameBack() {
  const [search] = useSearchParams();
  const problem = search.get('problem');
  if (!problem) return null;
  return (
    <Notice tone="danger">
      <p>{Object.hasOwn(WORDS, problem) ? WORDS[problem] : 'Coming back from the provider went wrong. Begin again.'}</p>
    </Notice>
  );
}
