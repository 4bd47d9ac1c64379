import { storeUnavailable } from '../refusals.ts'
import { inStoreTime } from '../store-time.ts'

/**
 * A server that answers so is there, but cannot do its work just now. Another password or fewer rights than at the start: an operator is
 * at work. Scripts have their own words for a missing right.
 */
const OUT_OF_SERVICE =
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|OOM|BUSY|NOREPLICAS|MISCONF|WRONGPASS|NOAUTH|NOPERM)\b|user executing the script can't/

/** ioredis ends every call within its timeout; what is not the server's own word against our command is an outage. */
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
