import type { Account } from '../accounts/account.ts'
import { BY_TWO_FACTORS } from '../sessions/authentication.ts'
import { strengthenSession } from '../sessions/durable/strengthen-session.ts'
import { ifPossible } from '../sessions/if-possible.ts'
import { sessionEnded } from '../sessions/session-refusals.ts'
import { type Answerer, guessedAnswer, useAnswer } from './factor-answers.ts'
import { lockForFactors } from './factor-changes.ts'
import { type FactorAnswer, factorMethods } from './factor-methods.ts'
import type { FactorPorts } from './factor-ports.ts'
import { wrongStepUp } from './factor-refusals.ts'

/**
 * The session and the use of the answer are one transaction, so an answer strengthens one
 * session at most.
 */
export async function stepUp(
  ports: FactorPorts,
  account: Account,
  { sid, answer }: { readonly sid: string; readonly answer: FactorAnswer },
  answerer: Answerer
): Promise<void> {
  const { db, mail, clock } = ports
  const { method, code } = answer
  const compare = () => factorMethods[method](ports, account.id, code, clock())
  const guessed = await guessedAnswer(ports, account, answerer, method, compare)
  if (guessed === null) throw wrongStepUp()
  const { right, own } = guessed
  await db.transaction().execute(async (transaction) => {
    const nowMs = clock()
    // Its session is judged when it is strengthened.
    await lockForFactors(transaction, account.id, { sid: null, nowMs })
    const used = { ...answerer, account, method, right, mail }
    if (!(await useAnswer(transaction, used, nowMs))) throw wrongStepUp()
    const { source } = answerer
    const strengthened = { subject: account.id, sid, amr: BY_TWO_FACTORS, source }
    if (!(await strengthenSession(transaction, strengthened, nowMs))) {
      throw sessionEnded('the session has ended')
    }
  })
  // The session is strengthened. A 503 would make the client repeat an answer that is used.
  await ifPossible(own.succeeded())
}
