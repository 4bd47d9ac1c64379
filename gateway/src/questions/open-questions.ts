import type { Fleet } from '@gatehouse/fleet/fleet'
import type { OperatorDrain } from '@gatehouse/process/operator-drain'
import { faultCause } from '@gatehouse/redis/fault-cause'
import { answerCommands } from '../commands/answer-commands.ts'
import type { CommandPorts } from '../commands/carry-out.ts'
import { commandVerifier } from '../commands/verify-command.ts'
import type { FleetMember } from '../fleet/fleet-member.ts'
import type { Membership } from '../fleet/membership.ts'
import type { SigningKeys } from '../keys/signing-keys.ts'
import type { Ports } from '../ports.ts'
import type { CheckSignature } from '../tokens/checks/check-token.ts'
import { answerQuestions } from './answer-questions.ts'
import { answerTo } from './answer-to.ts'

type QuestionPorts = {
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
  { fleet, member, membership, keys, checkSignature, routes, drain }: QuestionPorts
): void {
  const { questions } = fleet
  const { id, instance } = member
  const { announce } = membership
  const verify = commandVerifier({ keys, checkSignature, id, clock })
  const ports = { fleet, instance, drain, announce, routes }
  const command = answerCommands({ questions, verify, log, clock, ...ports })
  const answer = answerTo(routes.current, command)
  // An outage of the store is reported once by the announcements.
  const onFault = (error: unknown): void =>
    log.debug({ cause: faultCause(error) }, 'the questions of operators cannot be read')
  closing.defer(answerQuestions({ questions, id, answerTo: answer, onFault }))
}
