import { GATEWAY_KEYS_PATH } from '@gatehouse/edge-headers/assertion'
import type { Service } from '@gatehouse/http-service/build-service'
import { listenAs } from '@gatehouse/process/listen-as'
import { openService } from '@gatehouse/process/open-service'
import type { OperatorDrain } from '@gatehouse/process/operator-drain'
import { buildOps } from '@gatehouse/process/ops-listener'
import type { RunningService } from '@gatehouse/process/running-service'
import { drainTimes } from '@gatehouse/settings/drain-times'
import { words } from '@gatehouse/settings/words'
import type { ProcessTls } from '@gatehouse/tls/process-tls'
import { buildGateway, type GatewayParts } from './app.ts'
import { settingsOf } from './app-settings.ts'
import type { GatewayConfig } from './config.ts'
import { assertionKeys } from './fleet/assertion-keys-schema.ts'
import type { Membership } from './fleet/membership.ts'
import type { Readiness } from './fleet/readiness.ts'
import type { Ports } from './ports.ts'
import { openRedirect, type Redirect } from './redirect/open-redirect.ts'
import type { LiveRouteTable } from './routes/table/live-route-table.ts'

/** What was opened for the listeners. */
type Opened = Omit<GatewayParts, 'settings' | 'https'> & {
  readonly tls: ProcessTls
  readonly routes: LiveRouteTable
  readonly checks: Readiness['checks']
  readonly membership: Pick<Membership, 'assertionKeys'>
  readonly drain: Pick<OperatorDrain, 'of'>
}

/**
 * Listens: for clients, for operators and services on the ops listener, and for clients of
 * plain HTTP and for proxies that only ask, if a port is set for them.
 * @throws StartFault as `openService`, or if one of the last two cannot listen
 */
export async function openListeners(
  config: GatewayConfig,
  ports: Ports,
  opened: Opened
): Promise<RunningService> {
  const { closing, log, monotonicClock } = ports
  const { tls, routes, issuers, revoked, assertionKey, telemetry, tokens, limitsRedis } = opened
  const { GATEWAY_HOST, GATEWAY_PORT, GATEWAY_OPS_HOST, GATEWAY_OPS_PORT } = config
  const settings = settingsOf(config)
  const { app, verify } = await buildGateway(ports, {
    settings,
    https: tls.service?.options ?? null,
    issuers,
    revoked,
    assertionKey,
    routes,
    telemetry,
    tokens,
    limitsRedis
  })
  opened.drain.of(verify === null ? [app] : [app, verify])
  const ops = openOps(config, ports, opened, app)
  let redirect: Redirect | null = null
  // It closes after the others, because it tells load balancers that they drain.
  closing.defer(() => ops.close())
  closing.defer(async () => {
    await Promise.all([redirect?.close(), verify?.close(), app.close()])
  })
  // Before the service is ready: a load balancer may then use all of its ports.
  const { times, proxies, connectionLimits: limits } = settings
  redirect = await openRedirect(config, { times, proxies, limits, log, monotonicClock })
  if (verify !== null) await openVerify(config, verify, { tls, log })
  return openService({
    name: 'gateway',
    times: drainTimes(config),
    tls,
    ops: { app: ops, at: { host: GATEWAY_OPS_HOST, port: GATEWAY_OPS_PORT } },
    service: { app, at: { host: GATEWAY_HOST, port: GATEWAY_PORT } },
    alongside: verify === null ? [] : [verify],
    metrics: ports.metrics,
    workers: config.workers,
    reload: routes.reload,
    close: () => closing.disposeAsync()
  })
}

/** For proxies, over TLS if the listener for clients has it. */
async function openVerify(
  { GATEWAY_VERIFY_HOST: host, GATEWAY_VERIFY_PORT: port = 0 }: GatewayConfig,
  app: Service,
  { tls, log }: Pick<Opened, 'tls'> & Pick<Ports, 'log'>
): Promise<void> {
  const url = await listenAs('GATEWAY_VERIFY', { app, at: { host, port } }, tls.service)
  log.info({ url }, 'listening for forward authentication')
}

/** Health, metrics, and the keys with which services verify assertions. */
function openOps(
  config: GatewayConfig,
  { log, metrics }: Ports,
  { tls, checks, membership }: Opened,
  service: Service
): Service {
  const https = tls.ops?.options ?? null
  const hosts = words(config.GATEWAY_OPS_HOSTS)
  const ops = buildOps({ log, metrics, checks, service, https, hosts })
  ops.get(GATEWAY_KEYS_PATH, { schema: assertionKeys }, async () => {
    const { keys, complete } = await membership.assertionKeys()
    return { keys: [...keys], complete }
  })
  return ops
}
