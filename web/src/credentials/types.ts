// The types of credentials and the ways of working with one, in people's words.
import type { Schemas } from '../api.ts';
import type { Permission } from './api.ts';

export const TYPES: readonly { id: Schemas['CredentialType']; label: string; detail: string }[] = [
  { id: 'API_KEY', label: 'API key', detail: 'Names an application to a service' },
  { id: 'ACCESS_TOKEN', label: 'Access token', detail: 'Such as a personal access token of a git host' },
  { id: 'OAUTH_TOKEN', label: 'OAuth token', detail: 'What a service gave on somebody’s behalf' },
  { id: 'PASSWORD', label: 'Password', detail: 'Masked whole: not even its end is shown' },
  { id: 'SECRET', label: 'Secret', detail: 'A signing key, a certificate’s key, a shared secret' },
  { id: 'CUSTOM', label: 'Something else', detail: 'Any text' },
];

export function typeLabel(type: Schemas['CredentialType']): string {
  return TYPES.find(({ id }) => id === type)?.label ?? type;
}

export const PERMISSIONS: readonly { id: Permission; label: string; detail: string }[] = [
  { id: 'USE', label: 'Use', detail: 'Programs may obtain the value, with an API token.' },
  { id: 'REVEAL', label: 'Reveal', detail: 'A person may look at the value.' },
  { id: 'MANAGE', label: 'Manage', detail: 'Edit, rotate, revoke and restore it; reveal previous values.' },
];

/** Such as "use and reveal it". */
export function inWords(permissions: readonly Permission[]): string {
  const verbs = PERMISSIONS.filter(({ id }) => permissions.includes(id)).map(({ label }) => label.toLowerCase());
  return `${new Intl.ListFormat('en').format(verbs)} it`;
}
