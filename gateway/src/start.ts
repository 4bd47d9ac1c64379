import { serviceLog } from '@gatehouse/http-service/service-log'
import { certificateExpiry } from '@gatehouse/process/certificate-expiry'
import { operatorDrain } from '@gatehouse/process/operator-drain'
import { processMetrics } from '@gatehouse/process/process-metrics'
import type { RunningService } from '@gatehouse/process/running-service'
import { withClosing } from '@gatehouse/process/with-closing'
import { openSightings } from '@gatehouse/sightings/open-sightings'
import { openTls } from '@gatehouse/tls/process-tls'
import { newAssertionKey } from './assertions/assertions.ts'
import type { GatewayConfig } from './config.ts'
import { newFleetMember } from './fleet/fleet-member.ts'
import { gatewayVitals } from './fleet/gateway-vitals.ts'
import { openMembership } from './fleet/open-membership.ts'
import { failingOf, readinessChecks } from './fleet/readiness.ts'
import { openIssuers } from './issuers/open-issuers.ts'
import { openListeners } from './listeners.ts'
import { openQuestions } from './questions/open-questions.ts'
import { type AuthInProcess, openSharedState } from './redis/shared-state.ts'
import { openRevocations } from './revocation/open-revocations.ts'
import { openRoutes } from './routes/table/open-routes.ts'
import { signatureChecks } from './signatures/signature-checks.ts'
import { gatewayCertificates } from './telemetry/gateway-certificates.ts'
import { openTelemetry } from './telemetry/open-telemetry.ts'
import { requestTally } from './telemetry/request-tally.ts'
import { openTokenFlaws } from './tokens/checks/open-token-flaws.ts'
import { openTokens } from './tokens/open-tokens.ts'

/** @param embedded the auth service, if it runs in this process */
export const startGateway = (
  config: GatewayConfig,
  embedded: AuthInProcess | null = null
): Promise<RunningService> => withClosing((closing) => open(config, embedded, closing))

async function open(
  config: GatewayConfig,
  embedded: AuthInProcess | null,
  closing: AsyncDisposableStack
): Promise<RunningService> {
  const log = serviceLog('gateway', config.LOG_LEVEL)
  for (const warning of config.warnings) log.warn(warning)
  // Before the start waits for anything, so that an operator learns of a mistake at once.
  const tls = openTls('GATEWAY', config, log)
  closing.defer(tls.close)
  const metrics = processMetrics('gateway')
  const monotonicClock = () => performance.now()
  const ports = { log, metrics, closing, clock: Date.now, monotonicClock }

  // Each puts what must be closed on `closing`.
  const shared = await openSharedState(config, ports, embedded)
  const { fleet, limitsRedis } = shared
  const assertionKey = await newAssertionKey()
  const { trusted: issuers, ownKeys: keys } = await openIssuers(config, ports)
  const revoked = openRevocations(ports, { shared, keys })
  const sightings = openSightings(shared.takeSightings, log)
  closing.defer(() => sightings.close())
  const routes = openRoutes(config, ports)
  const tally = requestTally(monotonicClock)
  const checkSignature = signatureChecks()
  const drain = operatorDrain()
  const member = newFleetMember(config)
  const checks = readinessChecks(config.GATEWAY_READY_STALENESS_SECONDS, { keys, revoked, routes })
  const failing = () => failingOf({ checks, drain })
  const vitals = gatewayVitals(ports, { member, drain, failing, tally, routes })
  const announced = { fleet, member, keys, revoked, assertionKey, drain, failing, vitals }
  const membership = await openMembership(ports, announced)
  // Operators see at once which table a gateway has, and whether its file has faults.
  routes.onRead(() => void membership.announce())
  const asked = { fleet, member, membership, keys, checkSignature, routes, drain }
  openQuestions(ports, asked)
  const telemetry = await openTelemetry(config, { ...ports, tally })
  const noteFlaw = openTokenFlaws(config, ports, { keys, checkSignature })
  const tokens = openTokens(config, ports, { issuers, checkSignature, sightings, noteFlaw })
  certificateExpiry(metrics, 'gateway', gatewayCertificates(config, tls, routes.current))

  return openListeners(config, ports, {
    tls,
    issuers,
    checks,
    revoked,
    assertionKey,
    membership,
    drain,
    routes,
    telemetry,
    tokens,
    limitsRedis
  })
}
