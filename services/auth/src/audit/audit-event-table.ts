import type { Generated } from 'kysely'
import type { AuditKind } from './audit-event.ts'

export type AuditEventTable = {
  /** milliseconds since 1970 */
  at_ms: number
  kind: AuditKind
  subject: string | null
  sid: string | null
  address: string
  request_id: string
  /** JSON */
  detail: string
  /** the name of the operator who caused it */
  operator: Generated<string | null>
  /** its number in the chain; null: it waits for one */
  seq: Generated<number | null>
  /**
   * as a `ChainRecord` has these; null while it waits, and the salt also if the address is erased
   */
  digest: Generated<string | null>
  address_salt: Generated<string | null>
  address_digest: Generated<string | null>
}
