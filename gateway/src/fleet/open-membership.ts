import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Fleet } from '@gatehouse/fleet/fleet'
import { faultCause } from '@gatehouse/redis/fault-cause'
import type { AssertionKey } from '../assertions/assertions.ts'
import { openQuestions } from '../explain/open-questions.ts'
import type { SigningKeys } from '../keys/signing-keys.ts'
import type { Ports } from '../ports.ts'
import type { OpenRevocations } from '../revocation/open-revocations.ts'
import type { RouteTable } from '../routes/table/route-table.ts'
import type { RequestTally } from '../telemetry/request-tally.ts'
import { gatewayVitals } from './gateway-vitals.ts'
import { joinFleet, type Membership } from './membership.ts'

type Announced = {
  readonly fleet: Fleet
  /** of our own auth service */
  readonly keys: Pick<SigningKeys, 'issuerVersion' | 'kids'>
  readonly revoked: Pick<
    OpenRevocations,
    'cursor' | 'stalenessSeconds' | 'onKeysRead' | 'acceptOnlyIf'
  >
  readonly assertionKey: AssertionKey
  readonly tally: Pick<RequestTally, 'read'>
  /** the route table in force */
  readonly table: () => RouteTable
}

/**
 * Announces what this gateway has: its keys, how far it has read the revocation log, and what
 * operators want to know. It also answers their questions.
 */
export async function openMembership(
  {
    log,
    closing,
    clock,
    monotonicClock
  }: Pick<Ports, 'log' | 'closing' | 'clock' | 'monotonicClock'>,
  { fleet, keys, revoked, assertionKey, tally, table }: Announced
): Promise<Membership> {
  const { publicJwk } = assertionKey
  const id = randomUUID()
  const vitals = gatewayVitals({ tally, table, clock })
  const membership = await joinFleet({
    fleet,
    ownKey: publicJwk,
    announcement: () => ({
      id,
      name: `${hostname()}:${process.pid}`,
      keySetVersion: keys.issuerVersion,
      kids: [...keys.kids],
      revocationCursor: revoked.cursor,
      revocationLagSeconds: Math.min(revoked.stalenessSeconds(), Number.MAX_SAFE_INTEGER),
      assertionJwk: JSON.stringify(publicJwk),
      vitals: vitals()
    }),
    monotonicClock,
    onFault: (error) => log.warn({ cause: faultCause(error) }, 'the fleet announcement failed')
  })
  closing.defer(() => membership.close())
  openQuestions({ log, closing }, { fleet, id, table })
  // Services would refuse callers whose assertions are signed with a key that no gateway publishes.
  revoked.acceptOnlyIf(() => membership.hasJoined)
  // A key rotation waits until this gateway reports that it has the keys.
  revoked.onKeysRead(() => void membership.announce())
  return membership
}
