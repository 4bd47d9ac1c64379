import type { Channel, Environment } from './environment.ts'
import type { Message } from './message.ts'
import { sleep } from './sleep.ts'

/** How long a tab that holds the lock may be silent before it counts as frozen. */
const PATIENCE_MS = 2000

/** What this tab tells the others, and hears of them. */
export type TabChannel = {
  /** Without a message, there is nothing to tell. */
  post(message: Message | null | undefined): void
  /** Resolves when another tab reports a result. */
  news(): Promise<void>
  /** Runs the work of the tab that holds the lock. Meanwhile, it answers each tab that asks. */
  hold(work: () => Promise<void>): Promise<void>
  /** Resolves when the tab that holds the lock has been silent for too long, or at the end. */
  silence(isOver: () => boolean): Promise<void>
}

/**
 * @param channel without one, there is no other tab
 * @param hear takes a message; returns whether it is a result
 */
export function tabChannel(
  environment: Environment,
  channel: Channel | null | undefined,
  hear: (message: Message) => boolean
): TabChannel {
  const post = (message: Message | null | undefined) => message && channel?.postMessage(message)
  let isHolding = false
  let isHolderAlive = false
  let tell: () => void
  let result: Promise<void>
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
  return {
    post,
    news: () => result,
    async hold(work) {
      isHolding = true
      try {
        await work()
      } finally {
        isHolding = false
      }
    },
    async silence(isOver) {
      do {
        isHolderAlive = false
        post({ tells: 'asks' })
        await sleep(environment, PATIENCE_MS)
      } while (isHolderAlive && !isOver())
    }
  }
}
