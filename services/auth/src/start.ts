import type { Fleet } from '@gatehouse/fleet/fleet'
import { serviceLog } from '@gatehouse/http-service/service-log'
import { openService } from '@gatehouse/process/open-service'
import { buildOps } from '@gatehouse/process/ops-listener'
import { processMetrics } from '@gatehouse/process/process-metrics'
import type { RunningService } from '@gatehouse/process/running-service'
import { faultCause } from '@gatehouse/redis/fault-cause'
import { reportedRedis } from '@gatehouse/redis/reported-redis'
import { requireUsable } from '@gatehouse/redis/require-usable'
import type { RevocationSource } from '@gatehouse/revocation/revocation'
import { drainTimes } from '@gatehouse/settings/drain-times'
import { words } from '@gatehouse/settings/fragments'
import { openSightings } from '@gatehouse/sightings/open-sightings'
import type { TakeSightings } from '@gatehouse/sightings/sighting'
import { openTracing } from '@gatehouse/tracing/open-tracing'
import { traceRedis } from '@gatehouse/tracing/trace-redis'
import { buildAuth } from './app.ts'
import { passwordsOf, settingsOf } from './app-settings.ts'
import { backgroundWork } from './background-work.ts'
import { clients } from './clients/clients.ts'
import { type AuthConfig, lifetimes } from './config.ts'
import { databaseReports } from './database/database-reports.ts'
import { guesses } from './guesses/guesses.ts'
import { authMetrics } from './metrics.ts'
import { authChecks } from './ops/auth-checks.ts'
import { leaveAddress } from './ops/leave-address.ts'
import { opsApi } from './ops/ops-api.ts'
import { neededRights } from './redis/needed-rights.ts'
import { storeClock } from './redis/store-clock.ts'
import { watchClock } from './redis/watch-clock.ts'
import { openHeartbeats } from './revocations/heartbeats.ts'
import { keyEncryptionKeys, opsToken, refreshKeys } from './secrets/secrets.ts'
import { sessionState } from './sessions/session-state.ts'
import { startSigning } from './signing.ts'
import { openDurable, openShared, revocationSecondsOf } from './stores.ts'

/**
 * The running auth service. With embedded stores, also what a gateway in this process reads and
 * reports.
 */
export type RunningAuth = RunningService & {
  readonly revocations: RevocationSource | null
  readonly takeSightings: TakeSightings
}

/** @param embedded if gateways run in this process */
export async function startAuth(
  config: AuthConfig,
  embedded: { readonly fleet: Fleet } | null = null
): Promise<RunningAuth> {
  const storeTime = storeClock(config.REDIS_TIMEOUT_MS)
  // If instances share a store, all of them use its clock.
  const clock = config.REDIS_URL === undefined ? Date.now : storeTime.now
  const log = serviceLog('auth', config.LOG_LEVEL)
  for (const warning of config.warnings) log.warn(warning)
  // Before the start waits for anything, so that an operator learns of a missing secret at once.
  const secrets = {
    ring: refreshKeys(config),
    sealing: keyEncryptionKeys(config),
    opsToken: opsToken(config)
  }
  const tracing = await openTracing(config, { service: 'auth', log })
  const stopTracing = tracing === null ? null : traceRedis(tracing)
  const {
    close,
    keyStore,
    keySet,
    staleTokens: openStale,
    sessions: durableSessions,
    toldEnds,
    forgetTooOld,
    longestTokenSeconds,
    ...durable
  } = await openDurable(config, secrets.sealing, clock, databaseReports(log, tracing))
  const revocationSeconds = revocationSecondsOf(config, await longestTokenSeconds())
  const registry = processMetrics()
  const connections = reportedRedis({ service: 'auth', log, metrics: registry })
  const { revocations, redis, ...shared } = openShared(
    config,
    { storeClock: storeTime, clock, revocationSeconds },
    connections,
    embedded?.fleet
  )
  await connections.settled(2 * config.REDIS_TIMEOUT_MS)
  try {
    await requireUsable(connections, neededRights, config)
  } catch (error) {
    await shared.families.close()
    await close()
    throw error
  }
  const lookAtClock = watchClock(storeTime, {
    metrics: registry,
    onFault: (aheadSeconds) =>
      log.warn({ aheadSeconds }, 'the clock of this machine differs from the clock of Redis')
  })
  const heartbeats = await openHeartbeats(redis, {
    replicas: config.REDIS_REVOCATION_REPLICAS,
    metrics: registry,
    onFault: (error) =>
      log.warn({ cause: faultCause(error) }, 'writing to the revocation log failed')
  })
  const stale = openStale({
    revocations: shared.revocationWriter,
    clock,
    lifetimeSeconds: config.AUTH_ACCESS_TTL_SECONDS
  })
  const state = sessionState({
    families: shared.families,
    durable: durableSessions,
    toldEnds,
    retell: [stale.retell, () => keySet.retellRevocations(clock())],
    policy: lifetimes(config),
    revocationSeconds,
    clock
  })
  const forget = forgetTooOld({
    auditDays: config.AUTH_AUDIT_RETENTION_DAYS,
    also: [shared.families.forgetExpired],
    isClockRight: () => redis === null || storeTime.known,
    revocationSeconds,
    clock
  })
  const sightings = openSightings(shared.families.see, log)
  const signing = await startSigning(config, {
    store: keyStore,
    keySet,
    revocations: shared.revocationWriter,
    fleet: shared.fleet,
    log,
    clock
  })
  const background = backgroundWork({
    jobs: [
      ...signing.jobs,
      { name: 'tell gateways about stale tokens', run: stale.tell },
      { name: 'settle the ends of sessions', run: state.ends.settle },
      { name: 'settle reports of used tokens', run: shared.families.settleSightings },
      { name: 'delete what is too old', run: forget },
      { name: 'compare the clock with Redis', run: lookAtClock }
    ],
    onFault: (job, err) => log.warn({ err, job }, 'background work failed')
  })
  const slowing = guesses(shared.guessStores, secrets.ring)
  const metrics = authMetrics(registry)
  const passwords = passwordsOf(config, metrics.hashQueue)
  const common = { ...durable, passwords, guesses: slowing, clock }
  const newUser = {
    roles: words(config.AUTH_NEW_USER_ROLES),
    scope: words(config.AUTH_NEW_USER_SCOPE)
  }

  const times = drainTimes(config)
  const service = await buildAuth({
    ...common,
    ...settingsOf(config, clock),
    newUser,
    log,
    closeMs: times.closeMs,
    sessionState: state,
    ring: secrets.ring,
    requestCounts: shared.requestCounts,
    signingKeys: signing.live,
    sign: signing.sign,
    stale,
    sightings,
    metrics,
    tracing
  })
  const checks = authChecks({
    families: shared.families,
    accounts: durable.accounts,
    heartbeats,
    monotonicClock: () => performance.now()
  })
  const hosts = words(config.AUTH_OPS_HOSTS)
  const ops = buildOps({ log, metrics: registry, checks, service, hosts })
  opsApi(
    ops,
    {
      ...common,
      ends: state.ends,
      listSessions: state.listSessions,
      newUser,
      clients: clients(durable.clients, stale, clock),
      keys: signing.operations,
      fleet: shared.fleet,
      stale
    },
    { token: secrets.opsToken, hosts }
  )
  const running = await openService({
    name: 'auth',
    times,
    ops: { app: ops, at: { host: config.AUTH_OPS_HOST, port: config.AUTH_OPS_PORT } },
    service: { app: service, at: { host: config.AUTH_HOST, port: config.AUTH_PORT } },
    async close() {
      signing.hurry()
      await service.close()
      await ops.close()
      await background.close()
      await signing.close()
      await sightings.close()
      await heartbeats?.close()
      await shared.families.close()
      await close()
      stopTracing?.()
      await tracing?.close()
    }
  })
  leaveAddress(config, running.opsUrl)
  return { ...running, revocations, takeSightings: shared.families.see }
}
