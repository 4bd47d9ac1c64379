import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Fleet } from '@gatehouse/fleet/fleet'
import type { OperatorDrain } from '@gatehouse/process/operator-drain'
import { instanceOfWorkers } from '@gatehouse/process/workers/as-worker'
import { faultCause } from '@gatehouse/redis/fault-cause'
import type { AssertionKey } from '../assertions/assertions.ts'
import type { CommandPorts } from '../commands/carry-out.ts'
import { openCommands } from '../commands/open-commands.ts'
import { commandReader } from '../commands/read-command.ts'
import { openQuestions } from '../explain/open-questions.ts'
import type { SigningKeys } from '../keys/signing-keys.ts'
import type { Ports } from '../ports.ts'
import type { OpenRevocations } from '../revocation/open-revocations.ts'
import type { RequestTally } from '../telemetry/request-tally.ts'
import type { CheckSignature } from '../tokens/checks/check-token.ts'
import { gatewayVitals } from './gateway-vitals.ts'
import { joinFleet, type Membership } from './membership.ts'

type Announced = {
  readonly fleet: Fleet
  /** of our own auth service */
  readonly keys: Pick<SigningKeys, 'issuerVersion' | 'kids' | 'find' | 'isWithdrawn'>
  readonly revoked: Pick<
    OpenRevocations,
    'cursor' | 'stalenessSeconds' | 'onKeysRead' | 'acceptOnlyIf'
  >
  readonly assertionKey: AssertionKey
  readonly tally: Pick<RequestTally, 'read'>
  readonly routes: CommandPorts['routes']
  readonly drain: OperatorDrain
  readonly checkSignature: CheckSignature
}

/**
 * Announces what this gateway has: its keys, how far it has read the revocation log, and what
 * operators want to know. It also answers their questions, and does what they order.
 */
export async function openMembership(
  {
    log,
    closing,
    clock,
    monotonicClock
  }: Pick<Ports, 'log' | 'closing' | 'clock' | 'monotonicClock'>,
  announced: Announced
): Promise<Membership> {
  const { fleet, keys, revoked, assertionKey, tally, routes, drain, checkSignature } = announced
  const { publicJwk } = assertionKey
  const id = randomUUID()
  const instance = instanceOfWorkers() ?? id
  const isDrained = () => drain.isDrained
  const vitals = gatewayVitals({ instance, isDrained, tally, table: routes.current, clock })
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
  const { announce } = membership
  const read = commandReader({ keys, checkSignature, id, clock })
  const { questions } = fleet
  const command = openCommands({ questions, read, log, fleet, instance, drain, announce, routes })
  openQuestions({ log, closing }, { fleet, id, table: routes.current, command })
  drain.onChange(() => void announce())
  // Services would refuse callers whose assertions are signed with a key that no gateway publishes.
  revoked.acceptOnlyIf(() => membership.hasJoined)
  // A key rotation waits until this gateway reports that it has the keys.
  revoked.onKeysRead(() => void membership.announce())
  return membership
}
