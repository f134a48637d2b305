// What is worth knowing of a credential at a glance, decided in this one place: whether it works, and what wants a look.
import type { Credential } from './api.ts';

export type Sign = { tone: 'neutral' | 'info' | 'success' | 'warning' | 'danger'; text: string };

const DAY = 86_400_000;

/** It expires soon: within so many days. */
export const SOON_DAYS = 30;
/** It lies about: not used for so many days. */
export const UNUSED_DAYS = 90;
/** It is old: the value has been the same for so many days. */
const STALE_DAYS = 365;

/** The signs of a credential, what matters most first. */
export function signsOf(credential: Credential, now = Date.now()): Sign[] {
  if (credential.purged_at) return [{ tone: 'danger', text: 'Value destroyed' }];
  if (!credential.is_active) return [{ tone: 'neutral', text: 'Revoked' }];
  return [expiry(credential, now), use(credential, now), age(credential, now)].filter((sign) => sign !== undefined);
}

function expiry({ expires_at }: Credential, now: number): Sign {
  if (!expires_at) return { tone: 'success', text: 'Active' };
  const left = new Date(expires_at).getTime() - now;
  if (left <= 0) return { tone: 'danger', text: 'Expired' };
  const days = Math.floor(left / DAY);
  if (days >= SOON_DAYS) return { tone: 'success', text: 'Active' };
  if (days === 0) return { tone: 'warning', text: 'Expires within a day' };
  return { tone: 'warning', text: `Expires in ${days} ${days === 1 ? 'day' : 'days'}` };
}

function use({ last_used_at, created_at }: Credential, now: number): Sign | undefined {
  const days = Math.floor((now - new Date(last_used_at ?? created_at).getTime()) / DAY);
  if (days < UNUSED_DAYS) return undefined;
  return { tone: 'neutral', text: last_used_at ? `Unused for ${days} days` : 'Never used' };
}

function age({ rotated_at, created_at }: Credential, now: number): Sign | undefined {
  const days = (now - new Date(rotated_at ?? created_at).getTime()) / DAY;
  return days >= STALE_DAYS ? { tone: 'warning', text: 'Not rotated for a year' } : undefined;
}

/** That many days from the beginning of today: the same until midnight, so that asking again asks the same. */
export function daysFromToday(days: number): string {
  const day = new Date();
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() + days);
  return day.toISOString();
}
