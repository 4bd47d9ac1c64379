import { Refusal } from '@gatehouse/problem/refusal'
import { repeatedRound } from '../../background/repeated-round.ts'
import {
  type ChangedAccounts,
  type Changes,
  EVERY_ACCOUNT
} from '../../database/changed-accounts.ts'
import { KNOWN_MS } from '../../revocations/change-marks.ts'
import type { SessionMemory } from './session-memory.ts'

export type FollowerOptions = {
  readonly changes: Pick<ChangedAccounts, 'read'>
  /** milliseconds since 1970 */
  readonly clock: () => number
  /** milliseconds that are never set back */
  readonly monotonicClock: () => number
  /**
   * is called when the database no longer notes changes, with the error if there is one, and when
   * it does so again
   */
  readonly onTracking?: (isTracked: boolean, error: unknown) => void
}

/**
 * Reads which accounts have changed, and drops them from the memory. It reads only while there are
 * refreshes, and then four times per second at most, unless there are new marks.
 */
export type ChangeFollower = {
  /** the server of the last read; null: there was none, or it could not be relied on */
  server(): string | null
  /** Reads again in the background, if the last read is not a new one. */
  readAgain(): void
  /**
   * Reads in the background, if a state of this server cannot be kept: nothing was read yet, or
   * from another server.
   */
  begin(server: string): void
  /** Whether the memory can be used, if necessary after another read. */
  isUpToDate(): Promise<boolean>
  /** The same, and every change before this mark is read. */
  isUpToDateWith(mark: string | null | undefined): Promise<boolean>
}

const READ_AGAIN_MS = 250
/** the marks that are known to be older than the last read */
const MOST_MARKS = 1000

export function followChanges(options: FollowerOptions, memory: SessionMemory): ChangeFollower {
  const { changes, clock, monotonicClock, onTracking = () => {} } = options
  let last: Changes | null = null
  let isTracked = true
  let begunAt = { monotonicMs: Number.NEGATIVE_INFINITY, wallMs: 0 }
  const marks = new Set<string | null | undefined>()
  const rounds = repeatedRound(async () => {
    const now = { monotonicMs: monotonicClock(), wallMs: clock() }
    const { next, error } = await readOrFault(changes, last?.next ?? null)
    if (next === null || !continues(last, next)) memory.dropAll()
    else for (const subject of next.subjects) memory.drop(subject)
    last = next
    begunAt = now
    if (isTracked !== (next !== null)) onTracking(next !== null, error)
    isTracked = next !== null
  })
  /** One of the two clocks shows that the process was suspended. */
  const ageMs = (): number => {
    const { monotonicMs, wallMs } = begunAt
    return Math.max(monotonicClock() - monotonicMs, Math.abs(clock() - wallMs))
  }
  const isCurrent = (): boolean => ageMs() < KNOWN_MS
  /** Whether a read succeeded that began after the call. */
  const read = async (): Promise<boolean> => {
    try {
      await rounds.request()
      return true
    } catch {
      // The database is asked for the state instead, and reports why.
      return false
    }
  }
  const readAgain = (): void => {
    if (ageMs() >= READ_AGAIN_MS && rounds.inProgress() === null) void read()
  }
  return {
    server: () => last?.server ?? null,
    readAgain,
    begin(server) {
      if (last?.server !== server) readAgain()
    },
    async isUpToDate() {
      if (!isCurrent()) await read()
      return isCurrent()
    },
    async isUpToDateWith(mark) {
      if (marks.has(mark)) return await this.isUpToDate()
      // Not just a later read: the one in progress may have begun before the mark was changed.
      if (!(await read())) return false
      if (marks.size === MOST_MARKS) marks.clear()
      marks.add(mark)
      return isCurrent()
    }
  }
}

type ReadOrFault = { readonly next: Changes | null; readonly error?: unknown }

/**
 * Without the table or the right to read it, the changes are as unknown as without their triggers.
 * @throws Refusal UNAVAILABLE
 */
async function readOrFault(
  changes: FollowerOptions['changes'],
  from: number | null
): Promise<ReadOrFault> {
  try {
    return { next: await changes.read(from) }
  } catch (error) {
    if (error instanceof Refusal) throw error
    return { next: null, error }
  }
}

/** Whether each change between the two reads is in the second one. */
const continues = (last: Changes | null, next: Changes): boolean =>
  last !== null &&
  last.lineage === next.lineage &&
  last.next <= next.next &&
  next.forgotten <= last.next &&
  !next.subjects.includes(EVERY_ACCOUNT)
