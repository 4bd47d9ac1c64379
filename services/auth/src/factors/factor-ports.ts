import type { FactorPolicy } from '../accounts/needs-factor.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Mail } from '../mail/mail.ts'
import type { SealingKeys } from '../secrets/seal.ts'
import type { Guesses } from '../throttling/guesses.ts'
import type { FactorMetrics } from './factor-metrics.ts'
import type { PasskeyPorts } from './passkeys/passkey-ports.ts'

/** What second factors depend on. */
export type FactorPorts = PasskeyPorts & {
  readonly sealing: SealingKeys
  readonly guesses: Guesses
  readonly audit: AuditLog
  readonly mail: Pick<Mail, 'add'>
  readonly metrics: FactorMetrics
  readonly policy: FactorPolicy
}
