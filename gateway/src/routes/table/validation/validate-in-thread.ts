import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import type { ValidatedTable } from '../live-route-table.ts'
import type { RouteTable } from '../route-table.ts'
import type { Validation } from './validate-pasted-table.ts'

/** The question to a thread. */
export type ThreadQuestion = { readonly yaml: string; readonly validation: Validation }

/** The answer: what the table has, or what is wrong with it. */
export type ThreadVerdict = ValidatedTable | { readonly faults: readonly string[] }

/** A table of 128 KB without faults takes about half a second. */
const LIMITS = { deadlineMs: 2000, memoryMb: 128 }

const BUSY = 'the gateway is reading another table: try again in a few seconds'
const SLOW = 'the table takes too long to read'
const LARGE = 'the table takes too much memory to read'

/**
 * How a gateway reads the tables that operators send: one at a time, each in a thread of its own
 * with limits, so that no text can stop the gateway. The time that the thread takes to load the
 * code does not count.
 */
export function threadedValidation(
  { environment, ...fixed }: Omit<Validation, 'files'>,
  limits = LIMITS
): (yaml: string, current: RouteTable) => Promise<ValidatedTable> {
  let isReading = false
  return async (yaml, { files }) => {
    if (isReading) throw new SettingsFault([BUSY])
    isReading = true
    try {
      const validation = { ...fixed, environment: { ...environment }, files }
      const verdict = await verdictOf({ yaml, validation }, limits)
      if ('faults' in verdict) throw new SettingsFault(verdict.faults)
      return verdict
    } finally {
      isReading = false
    }
  }
}

async function verdictOf(question: ThreadQuestion, limits: typeof LIMITS): Promise<ThreadVerdict> {
  const thread = new Worker(new URL('./validation-thread.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: limits.memoryMb }
  })
  try {
    await once(thread, 'message')
    thread.postMessage(question)
    const [verdict] = await once(thread, 'message', {
      signal: AbortSignal.timeout(limits.deadlineMs)
    })
    return verdict
  } catch (error) {
    throw faultOf(error)
  } finally {
    // Later faults of the thread have no other listener.
    thread.on('error', () => {})
    await thread.terminate()
  }
}

function faultOf(error: unknown): unknown {
  const { name, code } = error as NodeJS.ErrnoException
  if (name === 'AbortError') return new SettingsFault([SLOW])
  return code === 'ERR_WORKER_OUT_OF_MEMORY' ? new SettingsFault([LARGE]) : error
}
