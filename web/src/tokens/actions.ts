// What tokens let their holders do, in words. They never let anybody do more than he may himself.
import type { Schemas } from '../api.ts';
import type { Option } from '../components/fields.tsx';

export type TokenAction = Schemas['TokenAction'];

const WORDS: Record<TokenAction, Omit<Option<TokenAction>, 'id'>> = {
  LIST: { label: 'List', detail: 'See credentials, with their values masked.' },
  USE: { label: 'Use', detail: 'Get values for programs.' },
  REVEAL: { label: 'Reveal', detail: 'Show values to a person. Recorded as a reveal; limited per minute.' },
  MANAGE: { label: 'Manage', detail: 'Create, edit, rotate, revoke and restore credentials.' },
};

export const ALL_ACTIONS = Object.keys(WORDS) as TokenAction[];

export const ACTION_OPTIONS: Option<TokenAction>[] = ALL_ACTIONS.map((id) => ({ id, ...WORDS[id] }));

/** `List, use`. */
export function actionsInWords(actions: TokenAction[]): string {
  const words = ALL_ACTIONS.filter((action) => actions.includes(action)).map((action) => WORDS[action].label.toLowerCase());
  const text = words.join(', ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
