// What the record says, in words. An action or a kind that the API has and that has no words here does not compile.
import type { Schemas } from '../api.ts';
import { providerName } from '../providers/providers.ts';
import { type Filter, filterOf } from './filter.ts';

export const ACTIONS: Record<Schemas['ActivityAction'], string> = {
  CREDENTIAL_CREATED: 'Credential created',
  CREDENTIAL_ACCESSED: 'Value revealed',
  CREDENTIAL_USED: 'Value used by a program',
  CREDENTIAL_UPDATED: 'Credential edited',
  CREDENTIAL_ROTATED: 'Value rotated',
  CREDENTIAL_VERSION_RESTORED: 'Previous version restored',
  CREDENTIAL_REVOKED: 'Credential revoked',
  CREDENTIAL_RESTORED: 'Credential restored',
  CREDENTIAL_PURGED: 'Value destroyed',
  GRANT_CREATED: 'Shared',
  GRANT_CHANGED: 'Sharing changed',
  GRANT_REVOKED: 'Sharing ended',
  WORKSPACE_CREATED: 'Workspace created',
  WORKSPACE_RENAMED: 'Workspace renamed',
  WORKSPACE_DELETED: 'Workspace deleted',
  MEMBER_ADDED: 'Member added',
  MEMBER_CHANGED: 'Role changed',
  MEMBER_REMOVED: 'Member removed',
  SERVICE_ACCOUNT_CREATED: 'Service account created',
  SERVICE_ACCOUNT_DISABLED: 'Service account disabled',
  TRUST_RULE_CREATED: 'Workload trusted',
  TRUST_RULE_REMOVED: 'Workload no longer trusted',
  TOKEN_EXCHANGED: 'Workload came in',
  TOKEN_CREATED: 'API token created',
  TOKEN_REVOKED: 'API token revoked',
  INVITATION_CREATED: 'Person invited',
  INVITATION_ACCEPTED: 'Invitation accepted',
  SIGNED_IN: 'Signed in',
  SIGN_IN_FAILED: 'Sign-in failed',
  SIGNED_OUT: 'Signed out',
  PASSWORD_CHANGED: 'Password set',
  IDENTITY_LINKED: 'Identity linked',
  IDENTITY_UNLINKED: 'Identity unlinked',
  RECORD_READ: 'Record read',
  RECORD_EXPORTED: 'Record exported',
  RECORD_PURGED: 'Oldest rows removed',
  SETTINGS_CHANGED: 'Settings changed',
  KEYS_REWRAPPED: 'Keys rewrapped',
  KEYS_FELL_BACK: 'Sealed under the key file, as OpenBao was away',
  COLUMN_SEALED: 'Column sealed',
  COLUMN_OPENED: 'Column opened',
  COLUMN_FORGOTTEN: 'Column forgotten',
};

export const KINDS: Record<Schemas['EntityType'], string> = {
  CREDENTIAL: 'Credential',
  WORKSPACE: 'Workspace',
  API_TOKEN: 'API token',
  INVITATION: 'Invitation',
  USER: 'Person',
  SERVICE_ACCOUNT: 'Service account',
  SESSION: 'Session',
  IDENTITY: 'Identity',
  TRUST_RULE: 'Trusted workload',
  SETTINGS: 'Settings',
  RECORD: 'Record',
  KEY_RING: 'Keys',
};

export const OUTCOMES: Record<Schemas['Outcome'], string> = { ALLOWED: 'Allowed', DENIED: 'Denied' };

/** Of these, the record says as what or how it was done, and not what it was done to. */
const SAID_IN_CODE: readonly Schemas['ActivityAction'][] = ['MEMBER_ADDED', 'MEMBER_CHANGED', 'SIGNED_IN'];

/** Of these, it says what was asked for. */
const READINGS: readonly Schemas['ActivityAction'][] = ['RECORD_READ', 'RECORD_EXPORTED'];

/** What it was done to, or how. */
export function nameInWords({ action, name }: Pick<Schemas['Activity'], 'action' | 'name'>): string | null | undefined {
  if (name && SAID_IN_CODE.includes(action)) return codeInWords(name);
  if (name && READINGS.includes(action)) return filterInWords(filterOf(name)) || name;
  return name;
}

type Names = { workspace?: string | undefined; person?: string | undefined };

/** What a filter shows. `names` are those of the workspace and the person in it, where one knows them. */
export function filterInWords(filter: Filter, names: Names = {}): string {
  const { name, provider, action, outcome, entity_type, workspace_id, actor_id, credential_id, from, to } = filter;
  const wordFor = (words: Record<string, string>, code: string | undefined) => code && (words[code] ?? code);
  const said = [
    name && `named ${name}`,
    provider && `for ${providerName(provider)}`,
    wordFor(ACTIONS, action),
    wordFor(OUTCOMES, outcome),
    wordFor(KINDS, entity_type),
    workspace_id && `in ${names.workspace ?? 'one workspace'}`,
    actor_id && `by ${names.person ?? 'one person'}`,
    credential_id && 'about one credential',
    from && `from ${from}`,
    to && `to ${to}`,
  ];
  return said.filter(Boolean).join(', ');
}

/** `RATE_LIMITED` is `Rate limited`. */
export function codeInWords(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
