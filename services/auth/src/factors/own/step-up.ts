import type { Account } from '../../accounts/account.ts'
import { ifAvailable } from '../../if-available.ts'
import { changeOrWait } from '../../revocations/change-marks.ts'
import { methodsWithFactor, strengthenSession } from '../../sessions/durable/strengthen-session.ts'
import { sessionEnded } from '../../sessions/session-refusals.ts'
import { type Answerer, guessedAnswer, useAnswer } from '../factor-answers.ts'
import { lockForFactors } from '../factor-changes.ts'
import { compareAnswer, type FactorAnswer } from '../factor-methods.ts'
import type { FactorPorts } from '../factor-ports.ts'
import { wrongStepUp } from '../factor-refusals.ts'
import { type PasskeyRequest, requestOptions } from '../passkeys/passkey-assertion.ts'
import { noPasskey, passkeysOff } from '../passkeys/passkey-refusals.ts'
import { listPasskeys } from '../passkeys/passkey-store.ts'

/** The ceremony of a passkey that strengthens a session. */
const raised = (subject: string, sid: string) =>
  ({ purpose: 'step-up', subject, within: sid }) as const

/**
 * Asks for a passkey of the account, for this session.
 * @throws Refusal NOT_FOUND if it has none; FORBIDDEN if passkeys are turned off
 */
export async function askToStepUp(
  ports: FactorPorts,
  subject: string,
  sid: string
): Promise<PasskeyRequest> {
  const own = await listPasskeys(ports.db, subject)
  if (own.length === 0) throw noPasskey()
  const options = requestOptions(ports, raised(subject, sid), own)
  if (options === null) throw passkeysOff()
  return options
}

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
  const { db, mail, marks, clock } = ports
  const { method } = answer
  const { source, language } = answerer
  const { id: owner } = account
  const asked = { ...raised(owner, sid), owner, passwordVersion: null, source, language }
  const compare = () => compareAnswer(ports, answer, asked)
  const guessed = await guessedAnswer(ports, account, answerer, method, compare)
  if (guessed === null) throw wrongStepUp(method)
  const { right, own } = guessed
  await db.transaction().execute(async (transaction) => {
    const nowMs = clock()
    // The session is checked when it is strengthened.
    await lockForFactors(transaction, account.id, { sid: null, nowMs })
    const used = { ...answerer, account, method, right, mail }
    if (!(await useAnswer(transaction, used, nowMs))) throw wrongStepUp(method)
    const session = { subject: owner, sid }
    const amr = await methodsWithFactor(transaction, session, right.amr)
    const strengthened = { ...session, amr, source }
    if (!(await strengthenSession(transaction, strengthened, nowMs))) {
      throw sessionEnded('the session has ended')
    }
  })
  await changeOrWait(marks, owner)
  // The session is strengthened. A 503 would make the client repeat an answer that is used.
  await ifAvailable(own.succeeded())
}
