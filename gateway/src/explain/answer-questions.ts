import type { Question, Questions } from '@gatehouse/fleet/questions'
import { MOST_ROUTES, type RequestAnswer, type TableAnswer } from '@gatehouse/fleet/route-answers'
import type { RouteTable } from '../routes/table/route-table.ts'
import { demandsOf } from './demand-words.ts'
import { explainRequest } from './explain-request.ts'

/** An operator waits for the answer. */
const INTERVAL_MS = 1000

type AnsweringGateway = {
  readonly questions: Questions
  /** of this gateway */
  readonly id: string
  /** Carries out a command; null: there is no answer. */
  readonly command: (question: Question) => Promise<string | null>
  /** the table in force */
  readonly table: () => RouteTable
  /** is called when the store cannot be read or written */
  readonly onFault: (error: unknown) => void
  readonly intervalMs?: number
}

/**
 * Answers what operators ask this gateway about its route table, and does what they order. Returns
 * how to stop.
 */
export function answerQuestions({
  questions,
  id,
  command,
  table,
  onFault,
  intervalMs = INTERVAL_MS
}: AnsweringGateway): () => void {
  let answered = new Set<string>()
  let isBusy = false
  const answer = async (question: Question): Promise<void> => {
    const text = question.isCommand
      ? await command(question)
      : JSON.stringify(answerTo(question, table()))
    if (text !== null) await questions.answer(question.id, id, text)
  }
  const look = async (): Promise<void> => {
    const open = await questions.open()
    const own = open.filter(({ to }) => to.includes(id))
    for (const question of own) {
      if (answered.has(question.id)) continue
      answered.add(question.id)
      // A command may take seconds: the other questions do not wait for it.
      void answer(question).catch(onFault)
    }
    answered = new Set(own.map((question) => question.id))
  }
  const timer = setInterval(() => {
    if (isBusy) return
    isBusy = true
    look()
      .catch(onFault)
      .finally(() => {
        isBusy = false
      })
  }, intervalMs).unref()
  return () => clearInterval(timer)
}

function answerTo(
  { request }: Pick<Question, 'request'>,
  table: RouteTable
): TableAnswer | RequestAnswer {
  if (request !== null) return explainRequest(request.method, request.path, table)
  const { routes } = table
  return { routes: routes.slice(0, MOST_ROUTES).map(listed), total: routes.length }
}

function listed(route: RouteTable['routes'][number]): TableAnswer['routes'][number] {
  const { name, prefixes, upstream } = route
  return {
    name,
    prefixes: [...prefixes],
    requires: demandsOf(route),
    upstream: upstream.name,
    addresses: upstream.addresses.map((one) => `${one}${upstream.basePath}`)
  }
}
