import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { GATEWAY_KEYS_PATH } from '@gatehouse/edge-headers/assertion'
import { serviceLog } from '@gatehouse/http-service/service-log'
import { certificateExpiry } from '@gatehouse/process/certificate-expiry'
import { openService } from '@gatehouse/process/open-service'
import { buildOps } from '@gatehouse/process/ops-listener'
import { processMetrics } from '@gatehouse/process/process-metrics'
import type { RunningService } from '@gatehouse/process/running-service'
import { withClosing } from '@gatehouse/process/with-closing'
import { faultCause } from '@gatehouse/redis/fault-cause'
import { reportedRedis } from '@gatehouse/redis/reported-redis'
import { requireUsable } from '@gatehouse/redis/require-usable'
import { drainTimes } from '@gatehouse/settings/drain-times'
import { words } from '@gatehouse/settings/fragments'
import { openSightings } from '@gatehouse/sightings/open-sightings'
import { openTls } from '@gatehouse/tls/process-tls'
import { buildGateway } from './app.ts'
import { settingsOf } from './app-settings.ts'
import { newAssertionKey } from './assertions/assertions.ts'
import type { GatewayConfig } from './config.ts'
import { joinFleet, type Membership } from './fleet/membership.ts'
import { neededRights } from './fleet/needed-rights.ts'
import { type Embedded, sharedState } from './fleet/shared-state.ts'
import { openIssuers } from './issuers/open-issuers.ts'
import { keyCheck } from './keys/key-check.ts'
import { openRedirect, type Redirect } from './redirect/open-redirect.ts'
import { followRevocations } from './revocation/follow-revocations.ts'
import { revocationCheck } from './revocation/revocation-check.ts'
import { revocationGauges } from './revocation/revocation-gauges.ts'
import { liveRouteTable } from './routes/live-route-table.ts'
import { reloadFault } from './routes/reload-fault.ts'
import { gatewayCertificates } from './telemetry/gateway-certificates.ts'
import { openTelemetry } from './telemetry/open-telemetry.ts'

/** @param embedded if the auth service runs in this process */
export const startGateway = (
  config: GatewayConfig,
  embedded: Embedded | null
): Promise<RunningService> => withClosing((closing) => open(config, embedded, closing))

async function open(
  config: GatewayConfig,
  embedded: Embedded | null,
  closing: AsyncDisposableStack
): Promise<RunningService> {
  const clock = Date.now
  const settings = settingsOf(config)
  const log = serviceLog('gateway', config.LOG_LEVEL)
  for (const warning of config.warnings) log.warn(warning)
  // Before the start waits for anything, so that an operator learns of a mistake at once.
  const tls = openTls('GATEWAY', config, log)
  closing.defer(tls.close)
  const metrics = processMetrics('gateway')
  const connections = reportedRedis({ service: 'gateway', log, metrics })
  const shared = await sharedState(config, embedded, connections)
  closing.defer(() => shared.disconnect())
  await requireUsable(connections, neededRights, config)
  const assertionKey = await newAssertionKey()
  const issuers = await openIssuers({ config, log, metrics, clock })
  closing.defer(() => issuers.close())
  const keys = issuers.ownKeys
  let membership: Membership | undefined
  const revoked = followRevocations({
    source: shared.revocations,
    onFault: (error) => log.warn({ cause: faultCause(error) }, 'the revocation log cannot be read'),
    onEntry(entry) {
      if (entry.kind === 'key') keys.withdraw(entry.id)
      if (entry.kind !== 'key-set' && entry.kind !== 'key') return
      // A key rotation waits until this gateway reports that it has the keys.
      const caughtUp = entry.kind === 'key-set' ? keys.catchUp(entry.id) : Promise.resolve()
      void caughtUp.then(() => membership?.announce())
    },
    onHeartbeat: keys.noteHeartbeat,
    clock,
    monotonicClock: () => performance.now()
  })
  closing.defer(() => {
    // Ends the read that waits for the next entry.
    shared.disconnect()
    return revoked.close()
  })
  const sightings = openSightings(shared.takeSightings, log)
  closing.defer(() => sightings.close())
  const id = randomUUID()
  membership = await joinFleet({
    fleet: shared.fleet,
    ownKey: assertionKey.publicJwk,
    heartbeat: () => ({
      id,
      name: `${hostname()}:${process.pid}`,
      keySetVersion: keys.issuerVersion,
      kids: [...keys.kids],
      revocationCursor: revoked.cursor,
      revocationLagSeconds: Math.min(revoked.stalenessSeconds(), Number.MAX_SAFE_INTEGER),
      assertionJwk: JSON.stringify(assertionKey.publicJwk)
    }),
    onFault: (error) => log.warn({ cause: faultCause(error) }, 'the fleet heartbeat failed')
  })
  closing.defer(() => membership?.close())
  const routes = liveRouteTable({
    first: config.table,
    file: config.GATEWAY_ROUTES,
    load: config.loadTable,
    onReload: (table) => log.info({ routes: table.routes.length }, 'the route table was reloaded'),
    onFault: (error) =>
      log.error(reloadFault(error), 'the new route table has errors; the old one stays in use')
  })
  closing.defer(() => routes.close())
  const telemetry = await openTelemetry(config, { log, metrics })
  closing.defer(() => telemetry.close())
  const app = await buildGateway({
    ...settings,
    log,
    telemetry,
    clock,
    revoked,
    assertionKey,
    routes,
    limitsRedis: shared.limitsRedis,
    https: tls.service?.options ?? null,
    issuers: issuers.trusted,
    sightings
  })
  revocationGauges(metrics, revoked)
  certificateExpiry(metrics, 'gateway', gatewayCertificates(config, tls, routes.current))
  const ops = buildOps({
    log,
    metrics,
    service: app,
    https: tls.ops?.options ?? null,
    hosts: words(config.GATEWAY_OPS_HOSTS),
    checks: {
      keys: keyCheck(keys),
      revocations: revocationCheck(revoked, config.GATEWAY_READY_STALENESS_SECONDS)
    }
  })
  ops.get(GATEWAY_KEYS_PATH, () => membership.assertionKeys())
  let redirect: Redirect | null = null
  // The ops listener closes after the others, because it tells load balancers that they drain.
  closing.defer(() => ops.close())
  closing.defer(async () => {
    await Promise.all([redirect?.close(), app.close()])
  })
  const service = await openService({
    name: 'gateway',
    times: drainTimes(config),
    tls,
    ops: { app: ops, at: { host: config.GATEWAY_OPS_HOST, port: config.GATEWAY_OPS_PORT } },
    service: { app, at: { host: config.GATEWAY_HOST, port: config.GATEWAY_PORT } },
    reload: routes.reload,
    close: () => closing.disposeAsync()
  })
  redirect = await openRedirect(config, { ...settings, log, clock })
  return service
}
