import type { Account } from '../accounts/account.ts'
import type { SessionState } from './session-state.ts'

/** What the database says about a session after the session store has opened or restored it. */
type Meanwhile = { readonly account: Account | null; readonly hasEnded: boolean }

/** Publishes the end of a session if the database has ended it or deleted the account meanwhile. */
export async function publishIfEnded(
  { durable, ends }: Pick<SessionState, 'durable' | 'ends'>,
  subject: string,
  sid: string
): Promise<Meanwhile> {
  const { account, session } = await durable.find(subject, sid)
  const hasEnded = account === null || session?.ended === true
  if (hasEnded) await ends.publish(subject, [sid])
  return { account, hasEnded }
}
