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
import { forgetPending, resealFactors } from './totp/totp-factors.ts'

type OpenPorts = Pick<Ports, 'registry' | 'cleanups'> &
  Omit<FactorPorts, 'db' | 'policy' | 'issuer' | 'metrics'> & { readonly database: Database }

/** @throws StartFault if a secret was encrypted with an unknown key */
export async function openFactors(
  config: AccountConfig & MailConfig,
  ports: OpenPorts
): Promise<Factors> {
  const { database, sealing, registry, cleanups, clock } = ports
  const db = database.tables
  await database.whenThere(() => sealUnderFirst(() => resealFactors(db, sealing)))
  cleanups.push(forgetChallenges(db, clock), forgetPending(db, clock))
  const metrics = factorMetrics(registry)
  return factors({ ...ports, db, metrics, policy: factorPolicyOf(config), issuer: appName(config) })
}
