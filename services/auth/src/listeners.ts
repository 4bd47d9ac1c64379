import type { Fleet } from '@gatehouse/fleet/fleet'
import type { Service } from '@gatehouse/http-service/build-service'
import { openService } from '@gatehouse/process/open-service'
import { buildOps } from '@gatehouse/process/ops-listener'
import type { RunningService } from '@gatehouse/process/running-service'
import { drainTimes } from '@gatehouse/settings/drain-times'
import { words } from '@gatehouse/settings/words'
import type { ProcessTls } from '@gatehouse/tls/process-tls'
import { type AuthParts, buildAuth } from './app.ts'
import type { AuthConfig } from './config.ts'
import { opsApi } from './http/operator/ops-api.ts'
import { authChecks } from './http/operator/status/auth-checks.ts'
import { storeOpsUrl } from './http/operator/store-ops-url.ts'
import type { OpenState } from './open-state.ts'
import type { Ports } from './ports.ts'
import type { Secrets } from './secrets/secrets.ts'

/** What was opened for the listeners. */
type Opened = Omit<AuthParts, 'https' | 'ring'> & {
  readonly state: OpenState
  readonly secrets: Pick<Secrets, 'ring' | 'opsToken'>
  readonly tls: ProcessTls
  readonly fleet: Fleet
  /** is aborted when the process begins to close */
  readonly ending: AbortController
  readonly onOps: ((ops: Service) => void) | undefined
}

/**
 * Listens: the service for gateways, and the ops listener for operators.
 * @throws StartFault as `openService`
 */
export async function openListeners(
  config: AuthConfig,
  ports: Pick<Ports, 'log' | 'registry' | 'tracing' | 'monotonicClock' | 'closing'>,
  opened: Opened
): Promise<RunningService> {
  const { registry, closing } = ports
  const { state, settings, secrets, pages, tls, sightings, ending, clock } = opened
  const { AUTH_HOST, AUTH_PORT, AUTH_OPS_HOST, AUTH_OPS_PORT } = config
  const https = tls.service?.options ?? null
  const { ring } = secrets
  const service = await buildAuth(ports, {
    state,
    settings,
    https,
    ring,
    pages,
    sightings,
    clock
  })
  const ops = await openOps(config, ports, opened, service)
  // It closes after the service, because it tells load balancers that the service drains.
  closing.defer(() => ops.close())
  closing.defer(() => service.close())
  const running = await openService({
    name: 'auth',
    times: drainTimes(config),
    tls,
    ops: { app: ops, at: { host: AUTH_OPS_HOST, port: AUTH_OPS_PORT } },
    service: { app: service, at: { host: AUTH_HOST, port: AUTH_PORT } },
    metrics: registry,
    workers: config.workers,
    close() {
      ending.abort()
      return closing.disposeAsync()
    }
  })
  storeOpsUrl(config, running.opsUrl)
  return running
}

/** Health, metrics and the operators' API. */
async function openOps(
  config: AuthConfig,
  { log, registry, monotonicClock }: Pick<Ports, 'log' | 'registry' | 'monotonicClock'>,
  { state, settings, secrets, tls, fleet, clock, onOps }: Opened,
  service: Service
): Promise<Service> {
  const { accounts, sessions, revocations } = state
  const hosts = words(config.AUTH_OPS_HOSTS)
  const checks = authChecks({
    sessions: sessions.families,
    accounts,
    revocations,
    monotonicClock
  })
  // The first probe may come during an outage: what answers now has answered since the start.
  await Promise.all(Object.values(checks).map((check) => check()))
  const https = tls.ops?.options ?? null
  const ops = buildOps({ log, metrics: registry, checks, service, https, hosts })
  const api = {
    ...state,
    fleet,
    newUser: settings.newUser,
    clock,
    followsEvents: config.workers === 1,
    installation: {
      checks,
      sessionStore: config.REDIS_URL === undefined ? ('sqlite' as const) : ('redis' as const),
      keyRotationDays: config.AUTH_KEY_ROTATION_DAYS
    }
  }
  opsApi(ops, api, { token: secrets.opsToken, hosts })
  onOps?.(ops)
  return ops
}
