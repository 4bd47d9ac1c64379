import type { Fleet } from '@gatehouse/fleet/fleet'
import type { Service } from '@gatehouse/http-service/build-service'
import { type ServiceLog, serviceLog } from '@gatehouse/http-service/service-log'
import { certificateExpiry } from '@gatehouse/process/certificate-expiry'
import { processMetrics } from '@gatehouse/process/process-metrics'
import type { RunningService } from '@gatehouse/process/running-service'
import { withClosing } from '@gatehouse/process/with-closing'
import type { RevocationSource } from '@gatehouse/revocation/revocation'
import { openSightings } from '@gatehouse/sightings/open-sightings'
import type { TakeSightings } from '@gatehouse/sightings/sighting'
import { openTls } from '@gatehouse/tls/process-tls'
import { openAccounts } from './accounts/open-accounts.ts'
import { auditMetrics } from './audit/audit-metrics.ts'
import { openAudit } from './audit/open-audit.ts'
import { authCertificates } from './auth-certificates.ts'
import { backgroundWork, faultOfJob } from './background-work.ts'
import { openClients } from './clients/open-clients.ts'
import type { AuthConfig } from './config.ts'
import { openDatabase } from './database/open-database.ts'
import { openRetention } from './database/open-retention.ts'
import { openFactors } from './factors/open-factors.ts'
import { type AuthSettings, settingsOf } from './http/app-settings.ts'
import { openInvitations } from './invitations/open-invitations.ts'
import { longestTokenSeconds } from './keys/longest-token-seconds.ts'
import { openKeys } from './keys/open-keys.ts'
import { openListeners } from './listeners.ts'
import { openLetters } from './open-letters.ts'
import { openTraces } from './open-traces.ts'
import type { Ports } from './ports.ts'
import { openSharedStore } from './redis/shared-store.ts'
import { watchDatabase } from './redis/watch-database.ts'
import { openRevocations } from './revocations/open-revocations.ts'
import { openSecrets, type Secrets } from './secrets/secrets.ts'
import { watchRefreshKeys } from './secrets/watch-refresh-keys.ts'
import { openSessions } from './sessions/open-sessions.ts'
import { storeMetrics } from './telemetry/store-metrics.ts'
import { openThrottling } from './throttling/open-throttling.ts'
import { tokenSigners } from './token-signers.ts'
import { accessTokens } from './tokens/access-token.ts'
import { openWebhooks } from './webhooks/open-webhooks.ts'

/**
 * The running auth service. With embedded stores, it includes what a gateway in this process reads
 * and reports.
 */
type RunningAuth = RunningService & {
  readonly revocations: RevocationSource | null
  readonly takeSightings: TakeSightings
}

type Embedded = {
  /** the gateways of this process */
  readonly fleet: Fleet
  /** adds routes to the ops listener, which only the whole system in one process has */
  readonly onOps?: (ops: Service) => void
}

/** @param embedded if gateways run in this process */
export const startAuth = (
  config: AuthConfig,
  embedded: Embedded | null = null
): Promise<RunningAuth> => withClosing((closing) => open(config, embedded, closing))

async function open(
  config: AuthConfig,
  embedded: Embedded | null,
  closing: AsyncDisposableStack
): Promise<RunningAuth> {
  const log = serviceLog('auth', config.LOG_LEVEL)
  for (const warning of config.warnings) log.warn(warning)
  // Before the start waits for anything, so that an operator learns of a missing secret at once.
  const secrets = openSecrets(config)
  const { ports, tls } = await openProcess(config, log, closing)
  const settings = settingsOf(config)
  const stores = await openStores(config, ports, embedded)
  watchDatabase({ ...ports, ...stores })
  watchRefreshKeys(secrets.ring, { ...ports, ...stores })
  const draining = new AbortController()
  const state = await openState(config, { ports, stores, secrets, settings, draining })
  const { see } = state.sessions.families
  const sightings = openSightings(see, log)
  closing.defer(() => sightings.close())
  startBackgroundWork(ports)
  const running = await openListeners(config, {
    ...ports,
    ...stores,
    ...state,
    settings,
    tls,
    sightings,
    ring: secrets.ring,
    opsToken: secrets.opsToken,
    draining,
    onOps: embedded?.onOps
  })
  return { ...running, revocations: state.revocations.source, takeSightings: see }
}

/** What everything else in the process reports to. */
async function openProcess(config: AuthConfig, log: ServiceLog, closing: AsyncDisposableStack) {
  const registry = processMetrics('auth')
  const tls = openTls('AUTH', config, log)
  closing.defer(tls.close)
  certificateExpiry(registry, 'auth', authCertificates(config, tls))
  const tracing = await openTraces(config, { log, closing })
  const calls = storeMetrics(registry)
  const ports: Ports = { log, registry, storeMetrics: calls, tracing, closing, jobs: [] }
  return { ports, tls }
}

/** The two stores, and the audit log in one of them. */
async function openStores(config: AuthConfig, ports: Ports, embedded: Embedded | null) {
  const metrics = auditMetrics(ports.registry)
  const database = await openDatabase(config, { ...ports, inserted: metrics.inserted })
  const store = await openSharedStore(config, ports, embedded?.fleet)
  const { clock, fleet } = store
  const audit = openAudit({ metrics, database, clock })
  return { database, store, clock, fleet, audit, onExpired: metrics.expired }
}

type StateParts = {
  readonly ports: Ports
  readonly stores: Awaited<ReturnType<typeof openStores>>
  readonly secrets: Secrets
  readonly settings: AuthSettings
  /** is aborted when the process begins to close */
  readonly draining: AbortController
}

/** Each puts what must be closed on `closing`, and its background work on `jobs`. */
async function openState(config: AuthConfig, parts: StateParts) {
  const { ports, stores, secrets, settings } = parts
  const { ring, sealing } = secrets
  const { database, store, clock, audit } = stores
  const { revocations, keys, tokens } = await openTokens(config, parts)
  const letters = openLetters(config, { ...ports, database, sealing, ring, audit, clock })
  const { mail } = letters
  const throttling = openThrottling(config, { ...ports, store, ring })
  const { guesses } = throttling
  const accounts = openAccounts(config, { ...ports, database, guesses, mail, audit, clock })
  const ofFactors = { database, sealing, guesses, audit, mail, clock }
  const factors = await openFactors(config, { ...ports, ...ofFactors })
  const invitations = openInvitations({ database, accounts, guesses, audit, clock })
  const reserved = settings.reservedAudiences
  const clients = openClients({ reserved, database, revocations, clock })
  const webhooks = await openWebhooks(config, { ...ports, database, sealing, clock })
  const retell = [revocations.stale.retell, keys.retell]
  const ofSessions = { database, mail, revocations, retell, tokens, ring, audit, clock }
  const sessions = openSessions(config, { ...ports, ...ofSessions })
  openRetention({
    auditDays: config.AUTH_AUDIT_RETENTION_DAYS,
    jobs: ports.jobs,
    database,
    clock,
    revocationSeconds: revocations.acceptedSeconds,
    isClockRight: store.isClockRight,
    also: [
      sessions.families.forgetExpired,
      ...webhooks.forgets,
      ...mail.forgets,
      ...factors.forgets
    ],
    onExpired: stores.onExpired
  })
  return {
    ...letters,
    accounts,
    clients,
    factors,
    invitations,
    keys,
    revocations,
    sessions,
    throttling,
    tokens,
    webhooks
  }
}

/** The access tokens, the keys that sign them, and the log that revokes them. */
async function openTokens(
  config: AuthConfig,
  { ports, stores, secrets, settings, draining }: StateParts
) {
  const { database, store, fleet, clock } = stores
  const { prepare, sign } = tokenSigners()
  const revocations = await openRevocations(config, {
    ...ports,
    database,
    store,
    longestTokenSeconds: () => longestTokenSeconds(database.tables)
  })
  const keys = await openKeys(config, {
    ...ports,
    database,
    revocations,
    fleet,
    sealing: secrets.sealing,
    prepare,
    draining: draining.signal,
    clock
  })
  const tokens = accessTokens({ policy: settings.tokenPolicy, activeKey: keys.active, sign, clock })
  return { revocations, keys, tokens }
}

function startBackgroundWork({ jobs, log, closing }: Ports): void {
  const background = backgroundWork({
    jobs,
    onFault: (job, error) => log.warn({ ...faultOfJob(error), job }, 'background work failed')
  })
  closing.defer(() => background.close())
}
