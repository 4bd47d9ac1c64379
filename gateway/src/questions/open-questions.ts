import type { Fleet } from '@gatehouse/fleet/fleet'
import type { OperatorDrain } from '@gatehouse/process/operator-drain'
import { faultCause } from '@gatehouse/redis/fault-cause'
import type { CommandPorts } from '../commands/carry-out.ts'
import { openCommands } from '../commands/open-commands.ts'
import { commandReader } from '../commands/read-command.ts'
import type { FleetMember } from '../fleet/fleet-member.ts'
import type { Membership } from '../fleet/membership.ts'
import type { SigningKeys } from '../keys/signing-keys.ts'
import type { Ports } from '../ports.ts'
import type { CheckSignature } from '../tokens/checks/check-token.ts'
import { answerQuestions } from './answer-questions.ts'
import { answersOf } from './answer-to.ts'

type Asked = {
  readonly fleet: Pick<Fleet, 'live' | 'questions'>
  readonly member: FleetMember
  readonly membership: Pick<Membership, 'announce'>
  /** of our own auth service */
  readonly keys: Pick<SigningKeys, 'find' | 'isWithdrawn'>
  readonly checkSignature: CheckSignature
  readonly routes: CommandPorts['routes']
  readonly drain: OperatorDrain
}

/** Answers what operators ask this gateway, and does what they order, until it closes. */
export function openQuestions(
  { log, closing, clock }: Pick<Ports, 'log' | 'closing' | 'clock'>,
  { fleet, member, membership, keys, checkSignature, routes, drain }: Asked
): void {
  const { questions } = fleet
  const { id, instance } = member
  const { announce } = membership
  const read = commandReader({ keys, checkSignature, id, clock })
  const command = openCommands({ questions, read, log, fleet, instance, drain, announce, routes })
  const answerTo = answersOf(routes.current, command)
  // An outage of the store is reported once by the announcements.
  const onFault = (error: unknown): void =>
    log.debug({ cause: faultCause(error) }, 'the questions of operators cannot be read')
  closing.defer(answerQuestions({ questions, id, answerTo, onFault }))
}
