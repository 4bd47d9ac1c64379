import type { FamilyRecord } from './family.ts'

/** The time (s) before which a step made access tokens stale; null if it made none stale. */
export function newlyStale(before: FamilyRecord | null, next: FamilyRecord | null): number | null {
  const notBefore = next?.tokensNotBefore ?? 0
  return notBefore === (before?.tokensNotBefore ?? 0) ? null : notBefore
}
