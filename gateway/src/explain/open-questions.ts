import type { Fleet } from '@gatehouse/fleet/fleet'
import type { Question } from '@gatehouse/fleet/questions'
import { faultCause } from '@gatehouse/redis/fault-cause'
import type { Ports } from '../ports.ts'
import type { RouteTable } from '../routes/table/route-table.ts'
import { answerQuestions } from './answer-questions.ts'

type Asked = {
  readonly fleet: Pick<Fleet, 'questions'>
  /** of this gateway */
  readonly id: string
  /** the table in force */
  readonly table: () => RouteTable
  /** Carries out a command; null: there is no answer. */
  readonly command: (question: Question) => Promise<string | null>
}

/** Answers what operators ask this gateway, until it closes. */
export function openQuestions(
  { log, closing }: Pick<Ports, 'log' | 'closing'>,
  { fleet: { questions }, id, table, command }: Asked
): void {
  // An outage of the store is reported once by the announcements.
  const onFault = (error: unknown): void =>
    log.debug({ cause: faultCause(error) }, 'the questions of operators cannot be read')
  closing.defer(answerQuestions({ questions, id, table, command, onFault }))
}
