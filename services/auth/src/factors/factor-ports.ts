import type { Kysely } from 'kysely'
import type { FactorPolicy } from '../accounts/needs-factor.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Tables } from '../database/tables.ts'
import type { SealingKeys } from '../keys/seal.ts'
import type { Mail } from '../mail/assemble-mail.ts'
import type { AuthMetrics } from '../metrics.ts'
import type { Guesses } from '../throttling/guesses.ts'

/** What second factors depend on. */
export type FactorPorts = {
  readonly db: Kysely<Tables>
  readonly sealing: SealingKeys
  readonly guesses: Guesses
  readonly audit: AuditLog
  readonly mail: Pick<Mail, 'add'>
  readonly metrics: Pick<AuthMetrics, 'factorAnswered'>
  readonly policy: FactorPolicy
  /** the name that authenticator apps show */
  readonly issuer: string
  readonly clock: () => number
}
