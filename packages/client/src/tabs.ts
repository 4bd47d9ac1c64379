import type { Environment } from './environment.ts'
import type { Message } from './message.ts'
import { sleep } from './sleep.ts'

/** How long a tab that holds the lock may be silent before it counts as frozen. */
const PATIENCE_MS = 2000
/** How long the message of a tab that has just released the lock may take. */
const MESSAGE_MS = 300

export type Tabs = {
  post(message: Message): void
  /** Resolves when another tab reports a result. */
  news(): Promise<void>
  /**
   * Runs `work` while no other tab and no other call runs its own. The lock of a frozen tab is
   * passed by, not stolen: a stolen lock would make its holder fail when it wakes.
   * @param yields whether a result of another tab makes the work unnecessary
   */
  alone(work: () => Promise<void>, yields: boolean): Promise<void>
}

const never = () => new Promise<never>(() => {})

/**
 * The tabs and workers that share the cookie. Without Web Locks, there is only this one.
 * @param hear takes a message; returns whether it is a result
 */
export function openTabs(
  environment: Environment,
  name: `gatehouse ${string}` | null,
  hear: (message: Message) => boolean
): Tabs {
  const locks = name && environment.locks
  const channel = name && environment.openChannel(name)
  const post = (message: Message) => channel?.postMessage(message)
  let isHolding = false
  let isHolderAlive = false
  let tell = () => {}
  let result = Promise.resolve()
  const renew = () => {
    result = new Promise((resolve) => {
      tell = resolve
    })
  }
  renew()
  if (channel) {
    channel.onmessage = ({ data }) => {
      const message = data as Message
      if (message.tells === 'busy') isHolderAlive = true
      if (message.tells === 'asks' && isHolding) post({ tells: 'busy' })
      if (!hear(message)) return
      tell()
      renew()
    }
  }

  const hold = async (work: () => Promise<void>) => {
    isHolding = true
    try {
      await work()
    } finally {
      isHolding = false
    }
  }
  let last = Promise.resolve()
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = last.then(work)
    last = turn.catch(() => {})
    return turn
  }

  const alone = async (work: () => Promise<void>, yields: boolean, frozen = 0): Promise<void> => {
    if (!locks) return inTurn(work)
    const lockName = `${name} ${frozen}`
    const isDone = await locks.request(lockName, { ifAvailable: true }, async (lock) => {
      if (lock) await hold(work)
      return lock !== null
    })
    if (isDone) return

    const before = result
    const news = yields ? result : never()
    /** whether this call no longer waits for the lock */
    let isOver = false
    const waiting = new AbortController()
    const ownTurn = locks.request(lockName, { signal: waiting.signal }, async () => {
      if (yields) {
        post({ tells: 'asks' })
        await Promise.race([news, sleep(environment, MESSAGE_MS)])
        if (result !== before) return
      }
      if (isOver) return
      isOver = true
      await hold(work)
    })
    /** True when the holder of the lock has been silent for too long. */
    const silence = async () => {
      do {
        isHolderAlive = false
        post({ tells: 'asks' })
        await sleep(environment, PATIENCE_MS)
      } while (isHolderAlive && !isOver)
      if (isOver) return never()
      isOver = true
      return true
    }
    try {
      const isSilent = await Promise.race([news, ownTurn, silence()])
      if (isSilent) await alone(work, yields, frozen + 1)
    } finally {
      isOver = true
      waiting.abort()
    }
  }

  return { post, news: () => result, alone }
}
