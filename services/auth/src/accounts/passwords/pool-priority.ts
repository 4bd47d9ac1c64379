import { readdirSync, readFileSync } from 'node:fs'
import { constants, getPriority, setPriority } from 'node:os'

/** How much lower the priority of the pool is, as a nice value: a third of the time (sched(7)). */
const LOWER_BY = 5

const THREADS = '/proc/self/task'
/** libuv gives its threads this name (proc(5), comm). */
const OF_POOL = 'libuv-worker'

/**
 * Lowers the priority of the thread pool, in which passwords are hashed, below that of the event
 * loop: if all cores are busy, a refresh does not wait for hashes. Linux only.
 * @returns whether nothing is left to do: false if the pool has no threads yet
 */
export function lowerPoolPriority(): boolean {
  try {
    const priority = Math.min(getPriority() + LOWER_BY, constants.priority.PRIORITY_LOW)
    const threads = readdirSync(THREADS).filter((thread) => nameOf(thread) === OF_POOL)
    // Linux has a priority per thread, and takes the id of a thread for that of a process.
    for (const thread of threads) setPriority(Number(thread), priority)
    return threads.length > 0
  } catch {
    // There is no such folder, a thread has just ended, or the system does not allow it.
    return true
  }
}

const nameOf = (thread: string): string => readFileSync(`${THREADS}/${thread}/comm`, 'utf8').trim()
