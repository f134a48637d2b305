// Roles in words, and what each lets one do: what the server would refuse is not offered. The rules themselves are the
// server's (crates/strongroom-service/src/authorization.rs).
import type { Schemas } from '../api.ts';
import type { Option } from '../components/fields.tsx';

export type Role = Schemas['WorkspaceRole'];

const WORDS: Record<Role, Omit<Option<Role>, 'id'>> = {
  OWNER: { label: 'Owner', detail: 'Everything: admins and owners too, and deleting the workspace.' },
  ADMIN: { label: 'Admin', detail: 'All credentials of the workspace, its record, members, guests and service accounts.' },
  MEMBER: { label: 'Member', detail: 'What is shared with them or with the workspace.' },
  GUEST: { label: 'Guest', detail: 'What is shared with them.' },
};

export function roleInWords(role: Role): string {
  return WORDS[role].label;
}

/** Whether somebody of that role administers the workspace. */
export function administers(role: Role): boolean {
  return role === 'OWNER' || role === 'ADMIN';
}

/** Whether somebody of that role adds, changes and removes people of the other. */
export function governs(role: Role, other: Role): boolean {
  return role === 'OWNER' || (role === 'ADMIN' && !administers(other));
}

/** The roles that somebody of that role gives to others. */
export function rolesToGive(role: Role): Option<Role>[] {
  return (Object.keys(WORDS) as Role[]).filter((other) => governs(role, other)).map((id) => ({ id, ...WORDS[id] }));
}
