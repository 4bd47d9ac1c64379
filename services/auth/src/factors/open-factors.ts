import type { AccountConfig } from '../accounts/account-settings.ts'
import { factorPolicyOf } from '../accounts/needs-factor.ts'
import type { Database } from '../database/open-database.ts'
import { appName } from '../mail/app-name.ts'
import type { MailConfig } from '../mail/mail-settings.ts'
import type { Ports } from '../ports.ts'
import { sealUnderFirst } from '../secrets/unknown-sealing-key.ts'
import { factorMetrics } from './factor-metrics.ts'
import type { FactorPorts } from './factor-ports.ts'
import { type Factors, factors } from './factors.ts'
import { forgetChallenges } from './login/login-challenges.ts'
import { forgetPasskeyChallenges } from './passkeys/passkey-challenges.ts'
import { type PasskeyConfig, passkeyPolicyOf } from './passkeys/passkey-settings.ts'
import { forgetPending, resealFactors } from './totp/totp-factors.ts'

type OpenPorts = Pick<Ports, 'registry' | 'cleanups'> &
  Omit<FactorPorts, 'db' | 'policy' | 'passkeys' | 'issuer' | 'metrics'> & {
    readonly database: Database
  }

/** @throws StartFault if a secret was encrypted with an unknown key */
export async function openFactors(
  config: AccountConfig & MailConfig & PasskeyConfig,
  ports: OpenPorts
): Promise<Factors> {
  const { database, sealing, registry, cleanups, clock } = ports
  const db = database.tables
  await database.whenThere(() => sealUnderFirst(() => resealFactors(db, sealing)))
  cleanups.push(
    forgetChallenges(db, clock),
    forgetPasskeyChallenges(db, clock),
    forgetPending(db, clock)
  )
  const metrics = factorMetrics(registry)
  const policy = factorPolicyOf(config)
  const passkeys = passkeyPolicyOf(config)
  return factors({ ...ports, db, metrics, policy, passkeys, issuer: appName(config) })
}
