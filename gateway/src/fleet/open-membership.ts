import type { Fleet, Vitals } from '@gatehouse/fleet/fleet'
import type { OperatorDrain } from '@gatehouse/process/operator-drain'
import { faultCause } from '@gatehouse/redis/fault-cause'
import type { AssertionKey } from '../assertions/assertions.ts'
import type { SigningKeys } from '../keys/signing-keys.ts'
import type { Ports } from '../ports.ts'
import type { OpenRevocations } from '../revocation/open-revocations.ts'
import type { FleetMember } from './fleet-member.ts'
import { joinFleet, type Membership } from './membership.ts'
import { announceReadiness } from './readiness.ts'

type Announced = {
  readonly fleet: Fleet
  readonly member: FleetMember
  /** of our own auth service */
  readonly keys: Pick<SigningKeys, 'issuerVersion' | 'kids'>
  readonly revoked: Pick<
    OpenRevocations,
    'cursor' | 'stalenessSeconds' | 'onKeysRead' | 'acceptOnlyIf'
  >
  readonly assertionKey: AssertionKey
  readonly drain: Pick<OperatorDrain, 'onChange'>
  /** why clients should not connect to this gateway; empty: nothing prevents it */
  readonly failing: () => readonly string[]
  readonly vitals: () => Vitals
}

/**
 * Announces what this gateway has until it closes: its keys, how far it has read the revocation
 * log, and what operators want to know.
 */
export async function openMembership(
  { log, closing, monotonicClock }: Pick<Ports, 'log' | 'closing' | 'monotonicClock'>,
  { fleet, member, keys, revoked, assertionKey, drain, failing, vitals }: Announced
): Promise<Membership> {
  const { id, name } = member
  const { publicJwk } = assertionKey
  const membership = await joinFleet({
    fleet,
    ownKey: publicJwk,
    announcement: () => ({
      id,
      name,
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
  announceReadiness({ closing }, failing, membership.announce)
  drain.onChange(() => void membership.announce())
  // Services would refuse callers whose assertions are signed with a key that no gateway publishes.
  revoked.acceptOnlyIf(() => membership.hasJoined)
  // A key rotation waits until this gateway reports that it has the keys.
  revoked.onKeysRead(() => void membership.announce())
  return membership
}
