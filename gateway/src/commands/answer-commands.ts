import type { CommandAnswer, Order } from '@gatehouse/fleet/commands'
import type { Question, Questions } from '@gatehouse/fleet/questions'
import type { ServiceLog } from '@gatehouse/http-service/service-log'
import { type CommandPorts, carryOut } from './carry-out.ts'
import { oncePerCommand, type VerifyCommand } from './verify-command.ts'

type CommandOptions = CommandPorts & {
  readonly questions: Pick<Questions, 'commandOf'>
  readonly verify: VerifyCommand
  readonly log: Pick<ServiceLog, 'info' | 'warn'>
  readonly clock: () => number
}

/** Carries out the command of a question. Returns the answer; null: it is not to be carried out. */
export type AnswerCommand = (question: Pick<Question, 'id'>) => Promise<string | null>

/**
 * Carries out commands one after the other, and each at most once, even if it fails. None waits for
 * a table that is only validated.
 */
export function answerCommands(options: CommandOptions): AnswerCommand {
  const { questions, verify, log, clock, ...ports } = options
  const isFirst = oncePerCommand(clock)
  let previous: Promise<unknown> = Promise.resolve()
  const inTurn = (order: Order): Promise<CommandAnswer> => {
    const answer = previous.then(() => carryOut(order, ports))
    previous = answer.catch(() => {})
    return answer
  }
  return async ({ id }) => {
    const text = await questions.commandOf(id)
    const command = text === null ? null : await verify(text, id)
    if (command === null || !isFirst(command)) {
      log.warn('a command without a valid signature, or an old one, was ignored')
      return null
    }
    const { order } = command
    const answer = await (order.kind === 'validate' ? carryOut(order, ports) : inTurn(order))
    const { done, faults } = answer
    log.info({ order: order.kind, done, faults }, 'an order of an operator was carried out')
    return JSON.stringify(answer)
  }
}
