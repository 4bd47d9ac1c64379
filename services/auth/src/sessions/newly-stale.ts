import type { FamilyRecord } from './family.ts'

/** Before when (s) a step made access tokens stale; null where it made none so. */
export function newlyStale(before: FamilyRecord | null, next: FamilyRecord | null): number | null {
  const notBefore = next?.tokensNotBefore ?? 0
  return notBefore === (before?.tokensNotBefore ?? 0) ? null : notBefore
}
