import { storeUnavailable } from '../refusals.ts'
import { inStoreTime } from '../store-time.ts'

/**
 * With these messages, a server reports that it cannot work at the moment. Another password or
 * fewer rights than at the start mean that an operator is changing them. Scripts report a missing
 * right with a message of their own.
 */
const OUT_OF_SERVICE =
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|OOM|BUSY|NOREPLICAS|MISCONF|WRONGPASS|NOAUTH|NOPERM)\b|user executing the script can't/

/**
 * ioredis ends every call within its timeout. An error is an outage unless the server rejects our
 * command.
 */
export async function bounded<Reply>(call: () => Promise<Reply>): Promise<Reply> {
  try {
    return await inStoreTime(call)
  } catch (error) {
    if (isReply(error) && !OUT_OF_SERVICE.test(error.message)) throw error
    throw storeUnavailable(error)
  }
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}
