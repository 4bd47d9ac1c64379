import type { Kysely } from 'kysely'
import type { FactorPolicy } from '../accounts/needs-factor.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Tables } from '../database/tables.ts'
import type { Mail } from '../mail/mail.ts'
import type { SealingKeys } from '../secrets/seal.ts'
import type { Guesses } from '../throttling/guesses.ts'
import type { FactorMetrics } from './factor-metrics.ts'

/** What second factors depend on. */
export type FactorPorts = {
  readonly db: Kysely<Tables>
  readonly sealing: SealingKeys
  readonly guesses: Guesses
  readonly audit: AuditLog
  readonly mail: Pick<Mail, 'add'>
  readonly metrics: FactorMetrics
  readonly policy: FactorPolicy
  /** the name that authenticator apps show */
  readonly issuer: string
  readonly clock: () => number
}
