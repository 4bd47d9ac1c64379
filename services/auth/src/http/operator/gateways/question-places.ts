import { MOST_OPEN } from '@gatehouse/fleet/questions'
import { tooManyQuestions } from '../../http-refusals.ts'
import type { OpsRoutes } from '../ops-routes.ts'

/**
 * How many questions a process has open, and how many of them are of one operator. A question takes
 * the place of the oldest one, also of those of other processes.
 */
const MOST = MOST_OPEN / 2
const MOST_OF_ONE = MOST / 2

/**
 * Asks for an operator.
 * @throws Refusal UNAVAILABLE
 */
export type AskFor = <Answer>(name: string, ask: () => Promise<Answer>) => Promise<Answer>

/** Routes that ask gateways, or tell them something. */
export type AskingRoutes = (...args: [...Parameters<OpsRoutes>, askFor: AskFor]) => void

/** Places for questions, so that operators do not displace the questions of others. */
export function questionPlaces(): AskFor {
  const taken: string[] = []
  return async (name, ask) => {
    const own = taken.filter((one) => one === name)
    if (taken.length >= MOST || own.length >= MOST_OF_ONE) throw tooManyQuestions()
    taken.push(name)
    try {
      return await ask()
    } finally {
      taken.splice(taken.indexOf(name), 1)
    }
  }
}
