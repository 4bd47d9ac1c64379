import type { Service } from '@gatehouse/http-service/build-service'
import { tooManyChanges } from '../../accounts/account-refusals.ts'
import { turns } from '../../accounts/credentials/turns.ts'

/** How many requests of one session may wait for those before them. */
const MOST_OF_SESSION = 32
/** How many sessions of one account may have a request that waits. */
const MOST_SESSIONS = 64

/**
 * Lets requests with which a user changes something come one after the other. They lock the account
 * (`lockAccount`), and would wait for each other while they hold connections of the database, which
 * the requests of all users need. The sessions of an account take turns too, so that a thief cannot
 * keep their owner from ending them.
 */
export function takeTurns(service: Service): void {
  const ofSession = turns(MOST_OF_SESSION, tooManyChanges)
  const ofAccount = turns(MOST_SESSIONS, tooManyChanges)
  service.addHook('onRoute', (route) => {
    const { handler, method } = route
    if (method === 'GET' || method === 'HEAD') return
    route.handler = async function (request, reply) {
      const { identity } = request
      const handle = async () => await handler.call(this, request, reply)
      if (identity === null) return await handle()
      const { subject, session } = identity
      return await ofSession(`${subject} ${session}`, () => ofAccount(subject, handle))
    }
  })
}
