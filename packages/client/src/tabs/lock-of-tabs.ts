import type { Environment, Locks } from '../environment.ts'
import { sleep } from '../sleep.ts'
import type { TabChannel } from './tab-channel.ts'

/** How long the message of a tab that has just released the lock may take. */
const MESSAGE_MS = 300

const never = () => new Promise<never>(() => {})

/** One lock for all tabs, and another one for each holder that is frozen. */
export function lockOfTabs(
  environment: Environment,
  locks: Locks,
  name: string,
  { post, news, hold, silence }: TabChannel
) {
  const alone = async (work: () => Promise<void>, yields: boolean, frozen = 0): Promise<void> => {
    const lockName = `${name} ${frozen}`
    const isDone = await locks.request(lockName, { ifAvailable: true }, async (lock) => {
      if (lock) await hold(work)
      return lock
    })
    if (isDone) return

    const before = news()
    const result = yields ? before : never()
    /** whether this call no longer waits for the lock */
    let isOver = false
    const waiting = new AbortController()
    const ownTurn = locks.request(lockName, { signal: waiting.signal }, async () => {
      if (yields) {
        post({ type: 'question' })
        await Promise.race([result, sleep(environment, MESSAGE_MS)])
        if (news() !== before) return
      }
      if (isOver) return
      isOver = true
      await hold(work)
    })
    /** True when the holder of the lock is frozen. */
    const frozenHolder = async () => {
      await silence(() => isOver)
      if (isOver) return never()
      isOver = true
      return true
    }
    try {
      const isFrozen = await Promise.race([result, ownTurn, frozenHolder()])
      if (isFrozen) await alone(work, yields, frozen + 1)
    } finally {
      isOver = true
      waiting.abort()
    }
  }
  return alone
}
