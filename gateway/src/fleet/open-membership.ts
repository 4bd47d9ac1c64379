import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Fleet } from '@gatehouse/fleet/fleet'
import { faultCause } from '@gatehouse/redis/fault-cause'
import type { AssertionKey } from '../assertions/assertions.ts'
import type { SigningKeys } from '../keys/signing-keys.ts'
import type { Ports } from '../ports.ts'
import type { OpenRevocations } from '../revocation/open-revocations.ts'
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
}

/** Announces what this gateway has: its keys, and how far it has read the revocation log. */
export async function openMembership(
  { log, closing, monotonicClock }: Pick<Ports, 'log' | 'closing' | 'monotonicClock'>,
  { fleet, keys, revoked, assertionKey }: Announced
): Promise<Membership> {
  const { publicJwk } = assertionKey
  const id = randomUUID()
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
      assertionJwk: JSON.stringify(publicJwk)
    }),
    monotonicClock,
    onFault: (error) => log.warn({ cause: faultCause(error) }, 'the fleet announcement failed')
  })
  closing.defer(() => membership.close())
  // Services would refuse callers whose assertions are signed with a key that no gateway publishes.
  revoked.acceptOnlyIf(() => membership.hasJoined)
  // A key rotation waits until this gateway reports that it has the keys.
  revoked.onKeysRead(() => void membership.announce())
  return membership
}
