import type { ChangeMarks } from '../../revocations/change-marks.ts'
import type { DurableSession } from '../durable/durable-session.ts'
import type { ReadState } from '../durable/find-session.ts'
import { type FollowerOptions, followChanges } from './follow-changes.ts'
import type { KnownState } from './known-state.ts'
import { sessionMemory } from './session-memory.ts'

/**
 * The states of accounts and sessions that refreshes need, in memory as far as it can be relied on
 * (docs/decisions/0126): a state in memory is used only while the last complete read of the changes
 * began less than KNOWN_MS ago.
 */
export type AccountCache = {
  /** @throws Refusal UNAVAILABLE */
  find(subject: string, sid: string): Promise<KnownState>
  /**
   * What was found, if it still holds, or else what holds now. Call it before a token is signed.
   * @param mark as `Presented` has it: read since the request has arrived
   * @throws Refusal UNAVAILABLE
   */
  confirm(
    found: KnownState,
    session: SessionId,
    mark: string | null | undefined
  ): Promise<KnownState>
}

type SessionId = { readonly subject: string; readonly sid: string }

export type AccountCacheOptions = FollowerOptions & {
  readonly read: ReadState
  readonly marks: Pick<ChangeMarks, 'own'>
  /** how many sessions it remembers; 0: none */
  readonly size: number
  /** whether the database must learn that a session is used, so that its state must be read */
  readonly isDue: (session: DurableSession) => boolean
  /** is called with the source of each state */
  readonly count: (source: 'memory' | 'database') => void
}

export function accountCache(options: AccountCacheOptions): AccountCache {
  const { marks, size, isDue, count } = options
  const ask = askDatabase(options)
  if (size === 0) return { find: ask, confirm: async (found) => found }
  const memory = sessionMemory(size)
  const follower = followChanges(options, memory)

  const askAndKeep = async (subject: string, sid: string): Promise<KnownState> => {
    const reading = memory.begin(subject, follower.server())
    try {
      const { server, ...state } = await ask(subject, sid)
      memory.keep(reading, sid, { ...state, isRemembered: true }, server)
      follower.begin(server)
      return state
    } finally {
      memory.end(reading)
    }
  }
  return {
    async find(subject, sid) {
      const state = memory.get(subject, sid)
      if (!state?.session || isDue(state.session)) return await askAndKeep(subject, sid)
      const isUpToDate = await follower.isUpToDate()
      if (!isUpToDate || memory.get(subject, sid) !== state) return await askAndKeep(subject, sid)
      follower.readAgain()
      count('memory')
      return state
    },
    async confirm(found, { subject, sid }, mark) {
      if (!found.isRemembered) return found
      const isUpToDate = await follower.isUpToDateWith(mark === undefined ? marks.own() : mark)
      return isUpToDate && memory.get(subject, sid) === found
        ? found
        : await askAndKeep(subject, sid)
    }
  }
}

const askDatabase =
  ({ read, count }: Pick<AccountCacheOptions, 'read' | 'count'>) =>
  async (subject: string, sid: string) => {
    count('database')
    return { ...(await read(subject, sid)), isRemembered: false }
  }
