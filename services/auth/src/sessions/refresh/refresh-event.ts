import type { AuditEvent } from '../../audit/audit-event.ts'
import type { Presentation, Presented } from '../families/families.ts'
import { reuse } from '../families/family.ts'

/**
 * The event of a refresh; null for an ordinary rotation. A reuse also has the number of generations
 * and the time since its successor was made.
 */
export function refreshEvent(
  { subject, sid, generation, source }: Presentation,
  { outcome, before, atMs }: Presented
): AuditEvent | null {
  if (outcome === 'rotated') return null
  const detail = before === null ? {} : reuse(before, generation, atMs)
  return { kind: `refresh-${outcome}`, subject, sid, source, detail }
}
