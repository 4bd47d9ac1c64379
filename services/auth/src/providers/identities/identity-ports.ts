import type { Kysely } from 'kysely'
import type { FactorPolicy } from '../../accounts/needs-factor.ts'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { Tables } from '../../database/tables.ts'
import type { PasskeyPolicy } from '../../factors/passkeys/relying-party.ts'
import type { Mail } from '../../mail/mail.ts'
import type { Ports } from '../../ports.ts'
import type { ChangeMarks } from '../../revocations/change-marks.ts'
import type { StaleTokens } from '../../revocations/stale-tokens.ts'
import type { ProviderEntry } from '../provider-entry.ts'

/** What linked providers depend on. */
export type IdentityPorts = {
  readonly db: Kysely<Tables>
  /** in the order of the file */
  readonly entries: readonly ProviderEntry[]
  readonly passkeys: PasskeyPolicy
  readonly audit: AuditLog
  readonly mail: Pick<Mail, 'add'>
  readonly factorPolicy: FactorPolicy
  readonly stale: Pick<StaleTokens, 'now' | 'publish'>
  readonly log: Pick<Ports['log'], 'warn'>
  readonly marks: Pick<ChangeMarks, 'change'>
  readonly clock: () => number
}
