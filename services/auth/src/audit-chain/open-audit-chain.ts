import type { SignedHead } from '@gatehouse/audit-chain/signed-head'
import type { AuditConfig } from '../audit/audit-settings.ts'
import type { Database } from '../database/open-database.ts'
import type { Ports } from '../ports.ts'
import { type AuditChain, auditChain, keptSince } from './audit-chain.ts'
import { chainEvents, oldestUnchained } from './chain-events.ts'
import { chainMetrics } from './chain-metrics.ts'
import { databaseNow, plausibleNow } from './database-now.ts'
import { forgetRecords } from './forget-records.ts'
import { type HeadKeys, headSigner } from './heads/head-signer.ts'
import { signHeads } from './heads/sign-heads.ts'

type AuditChainPorts = Pick<Ports, 'log' | 'registry' | 'jobs' | 'cleanups'> & {
  readonly database: Database
  readonly keys: HeadKeys
  readonly clock: () => number
}

/** The chain of the audit log, and the background work that extends, signs and shortens it. */
export function openAuditChain(
  config: Pick<AuditConfig, 'AUTH_AUDIT_RETENTION_DAYS'> & { readonly TOKEN_ISSUER: string },
  { log, registry, jobs, cleanups, database, keys, clock }: AuditChainPorts
): AuditChain {
  const { tables: db } = database
  const { AUTH_AUDIT_RETENTION_DAYS: days, TOKEN_ISSUER: issuer } = config
  const metrics = chainMetrics(registry, clock)
  const signer = headSigner(keys)
  const keptSinceMs = (): number => keptSince(days, clock())
  let newest: SignedHead | null = null
  const sign = signHeads({
    db,
    signer,
    issuer,
    now: () => plausibleNow(db, clock),
    keptSinceMs,
    // Both clocks must agree: a wrong one must not delete anything.
    dueBeforeMs: async () => keptSince(days, Math.min(await databaseNow(db), clock())),
    onSigned({ number, seq, digest, kid }, faults) {
      // A log that is kept elsewhere shows whether heads were removed from the database.
      log.info({ number, seq, digest, kid }, 'signed the end of the audit log')
      if (faults.length > 0) log.error({ faults }, 'the audit log was altered')
    }
  })
  const run = async (): Promise<void> => {
    metrics.unchained(await oldestUnchained(db))
    newest = await sign(await chainEvents(db))
    if (newest !== null) metrics.head(newest)
  }
  jobs.push({ name: 'chain the audit log', run, isUrgent: true })
  cleanups.push(forgetRecords({ db, newest: () => newest, keptSinceMs }))
  return auditChain({ db, keys, days, clock })
}
