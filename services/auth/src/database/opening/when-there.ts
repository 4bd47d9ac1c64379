import { setTimeout as sleep } from 'node:timers/promises'
import { isUnavailable, Refusal } from '@gatehouse/problem/refusal'
import { StartFault } from '@gatehouse/process/start-fault'
import type { PostgresAddress } from '../postgres/address/postgres-address.ts'
import { lastingFault } from '../postgres/postgres-fault.ts'

export type Waiting = {
  /** PostgreSQL; null: SQLite in a folder */
  readonly address: PostgresAddress | null
  /** how long a part of the start waits for the database */
  readonly waitSeconds: number
  /** is called once for each cause for which the start waits for the database */
  readonly onWaiting: (cause: string) => void
}

/** the pause between two attempts to reach the database */
const PAUSE_MS = 500

/**
 * Does a part of the start, and repeats it while the database does not answer.
 * @throws StartFault if it does not answer in time, or reports an error that waiting cannot fix
 */
export async function whenThere<Result>(
  work: () => Promise<Result>,
  { address, waitSeconds, onWaiting }: Waiting
): Promise<Result> {
  const deadline = Date.now() + waitSeconds * 1000
  const reported = new Set<string>()
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const cause = error instanceof Refusal ? error.cause : error
      const lasting = address === null ? null : lastingFault(cause, address)
      if (lasting !== null) throw new StartFault(lasting)
      if (!isUnavailable(error)) throw error
      const text = messageOf(error.cause)
      if (Date.now() >= deadline)
        throw new StartFault(`the database did not answer within ${waitSeconds} s (${text})`)
      if (!reported.has(text)) onWaiting(text)
      reported.add(text)
      await sleep(PAUSE_MS)
    }
  }
}

/** Messages of pg contain no password, but some errors have no message. */
function messageOf(cause: unknown): string {
  const { code = '', message = '' } = (cause ?? {}) as { code?: string; message?: string }
  return message || code
}
