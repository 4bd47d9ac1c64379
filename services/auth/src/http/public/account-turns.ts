import type { Service } from '@gatehouse/http-service/build-service'
import { isUnavailable } from '@gatehouse/problem/refusal'
import { tooManyWaiting } from '../../accounts/account-refusals.ts'
import { turns } from '../../accounts/credentials/turns.ts'
import { countAsStoreTime } from '../../store-time.ts'

/** How many requests of one session may wait for those before them. */
const MOST_CHANGES_OF_SESSION = 32
const MOST_READS_OF_SESSION = 128
/** How many sessions of one account may have a request that waits. */
const MOST_SESSIONS = 64

/**
 * Runs the requests of one user in sequence. So an account uses at most one database connection for
 * reads and one for changes. All users need these connections, and changes lock the account
 * (`lockAccount`), so they would wait for each other with connections in hand. The sessions of an
 * account take turns too, so that a thief cannot keep their owner from ending them. Reads wait for
 * no change, which may wait for a lock. Reads only call the stores, so if a store is slow, those
 * that wait are refused with those that they wait for. If none of those was refused, there are too
 * many.
 */
export function takeTurns(service: Service, monotonicClock = () => performance.now()): void {
  const changes = accountTurns(MOST_CHANGES_OF_SESSION)
  const reads = accountTurns(MOST_READS_OF_SESSION)
  /** when a store last failed a read */
  let failedMs = Number.NEGATIVE_INFINITY
  service.addHook('onRoute', (route) => {
    const { handler, method } = route
    const isRead = method === 'GET' || method === 'HEAD'
    const take = isRead ? reads : changes
    route.handler = async function (request, reply) {
      const arrivedMs = monotonicClock()
      const handle = async () => {
        const waitedMs = monotonicClock() - arrivedMs
        if (isRead && !countAsStoreTime(waitedMs) && failedMs < arrivedMs) throw tooManyWaiting()
        try {
          return await handler.call(this, request, reply)
        } catch (error) {
          if (isRead && isUnavailable(error)) failedMs = monotonicClock()
          throw error
        }
      }
      return await (request.identity === null ? handle() : take(request.identity, handle))
    }
  })
}

type Caller = { readonly subject: string; readonly session: string | null }

function accountTurns(mostOfSession: number) {
  const ofSession = turns(mostOfSession, tooManyWaiting)
  const ofAccount = turns(MOST_SESSIONS, tooManyWaiting)
  return ({ subject, session }: Caller, work: () => Promise<unknown>): Promise<unknown> =>
    ofSession(`${subject} ${session}`, () => ofAccount(subject, work))
}
