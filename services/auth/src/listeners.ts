import type { Fleet } from '@gatehouse/fleet/fleet'
import type { Service } from '@gatehouse/http-service/build-service'
import { openService } from '@gatehouse/process/open-service'
import { buildOps } from '@gatehouse/process/ops-listener'
import type { RunningService } from '@gatehouse/process/running-service'
import { drainTimes } from '@gatehouse/settings/drain-times'
import { words } from '@gatehouse/settings/fragments'
import type { ProcessTls } from '@gatehouse/tls/process-tls'
import { type AuthOptions, buildAuth } from './app.ts'
import type { AuthConfig } from './config.ts'
import type { AuthState } from './http/auth-state.ts'
import { authChecks } from './http/operator/auth-checks.ts'
import { leaveAddress } from './http/operator/leave-address.ts'
import { opsApi } from './http/operator/ops-api.ts'
import type { Ports } from './ports.ts'
import type { OpenRevocations } from './revocations/open-revocations.ts'
import type { OpenSessions } from './sessions/open-sessions.ts'

type ListenerPorts = AuthState &
  AuthOptions &
  Pick<Ports, 'registry' | 'closing'> & {
    readonly revocations: OpenRevocations
    readonly sessions: OpenSessions
    readonly tls: ProcessTls
    readonly fleet: Fleet
    readonly opsToken: string
    /** is aborted when the process begins to close */
    readonly draining: AbortController
    readonly onOps: ((ops: Service) => void) | undefined
  }

/**
 * Listens: the service for gateways, and the ops listener for operators.
 * @throws StartFault as `openService`
 */
export async function openListeners(
  config: AuthConfig,
  ports: ListenerPorts
): Promise<RunningService> {
  const { tls, closing, draining } = ports
  const { AUTH_HOST, AUTH_PORT, AUTH_OPS_HOST, AUTH_OPS_PORT } = config
  const service = await buildAuth({ ...ports, https: tls.service?.options ?? null })
  const ops = openOps(config, ports, service)
  // It closes after the service, because it tells load balancers that the service drains.
  closing.defer(() => ops.close())
  closing.defer(() => service.close())
  const running = await openService({
    name: 'auth',
    times: drainTimes(config),
    tls,
    ops: { app: ops, at: { host: AUTH_OPS_HOST, port: AUTH_OPS_PORT } },
    service: { app: service, at: { host: AUTH_HOST, port: AUTH_PORT } },
    metrics: ports.registry,
    workers: config.workers,
    close() {
      draining.abort()
      return closing.disposeAsync()
    }
  })
  leaveAddress(config, running.opsUrl)
  return running
}

/** Health, metrics and the operators' API. */
function openOps(config: AuthConfig, ports: ListenerPorts, service: Service): Service {
  const { accounts, sessions, revocations, settings, log, registry } = ports
  const hosts = words(config.AUTH_OPS_HOSTS)
  const checks = authChecks({
    sessions: sessions.families,
    accounts,
    revocations,
    monotonicClock: () => performance.now()
  })
  const https = ports.tls.ops?.options ?? null
  const ops = buildOps({ log, metrics: registry, checks, service, https, hosts })
  opsApi(ops, { ...ports, newUser: settings.newUser }, { token: ports.opsToken, hosts })
  ports.onOps?.(ops)
  return ops
}
