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
import { authCertificates } from './auth-certificates.ts'
import { backgroundWork, faultOfJob } from './background/background-work.ts'
import { retention } from './background/retention.ts'
import type { AuthConfig } from './config.ts'
import { settingsOf } from './http/app-settings.ts'
import { openPages } from './http/pages/open-pages.ts'
import { openListeners } from './listeners.ts'
import { openState } from './open-state.ts'
import { openTraces } from './open-traces.ts'
import type { Ports } from './ports.ts'
import type { SharedStore } from './redis/shared-store.ts'
import { watchDatabase } from './redis/watch-database.ts'
import { openSecrets } from './secrets/secrets.ts'
import { watchRefreshKeys } from './secrets/watch-refresh-keys.ts'
import { openStores } from './stores/open-stores.ts'
import { storeMetrics } from './telemetry/store-metrics.ts'

/**
 * The running auth service. With embedded stores, it includes what a gateway in this process reads
 * and reports.
 */
type RunningAuth = RunningService & {
  readonly revocations: RevocationSource | null
  readonly takeSightings: TakeSightings
}

/** What gateways in the same process give the auth service. */
type GatewaysInProcess = {
  readonly fleet: Fleet
  /** adds routes to the ops listener, which only the whole system in one process has */
  readonly onOps?: (ops: Service) => void
}

/** @param embedded if gateways run in this process */
export const startAuth = (
  config: AuthConfig,
  embedded: GatewaysInProcess | null = null
): Promise<RunningAuth> => withClosing((closing) => open(config, embedded, closing))

async function open(
  config: AuthConfig,
  embedded: GatewaysInProcess | null,
  closing: AsyncDisposableStack
): Promise<RunningAuth> {
  const log = serviceLog('auth', config.LOG_LEVEL)
  for (const warning of config.warnings) log.warn(warning)
  // Before the start waits for anything, so that an operator learns of a missing secret at once.
  const secrets = openSecrets(config)
  const tls = openTls('AUTH', config, log)
  closing.defer(tls.close)
  const ports = await openPorts(config, log, closing)
  certificateExpiry(ports.registry, 'auth', authCertificates(config, tls))
  const settings = settingsOf(config)
  const pages = openPages(config)

  // Each puts what must be closed on `closing`, and its background work on `jobs` and `cleanups`.
  const stores = await openStores(config, ports, embedded?.fleet)
  const { clock, fleet } = stores
  watchDatabase({ ...ports, ...stores })
  watchRefreshKeys(secrets.ring, { ...ports, ...stores })
  const ending = new AbortController()
  const opening = { ...ports, stores, secrets, settings, ending: ending.signal }
  const state = await openState(config, opening)
  const { see } = state.sessions.families
  const sightings = openSightings(see, log)
  closing.defer(() => sightings.close())
  startBackgroundWork(ports, stores.store)

  const running = await openListeners(config, ports, {
    state,
    settings,
    secrets,
    pages,
    tls,
    sightings,
    fleet,
    clock,
    ending,
    onOps: embedded?.onOps
  })
  return { ...running, revocations: state.revocations.source, takeSightings: see }
}

/** What everything else in the process reports to. */
async function openPorts(
  config: AuthConfig,
  log: ServiceLog,
  closing: AsyncDisposableStack
): Promise<Ports> {
  const registry = processMetrics('auth')
  const tracing = await openTraces(config, { log, closing })
  const calls = storeMetrics(registry)
  return {
    log,
    registry,
    storeMetrics: calls,
    tracing,
    monotonicClock: () => performance.now(),
    closing,
    jobs: [],
    cleanups: []
  }
}

function startBackgroundWork(
  { jobs, cleanups, log, closing, monotonicClock }: Ports,
  { isClockRight }: SharedStore
): void {
  const forget = retention({ cleanups, isClockRight, monotonicClock })
  const background = backgroundWork({
    jobs: [...jobs, { name: 'delete old data', run: forget }],
    onFault: (job, error) => log.warn({ ...faultOfJob(error), job }, 'background work failed')
  })
  closing.defer(() => background.close())
}
