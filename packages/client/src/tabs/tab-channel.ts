import type { Channel, Environment } from '../environment.ts'
import { sleep } from '../sleep.ts'
import type { Message } from './message.ts'

/** How long a tab that holds the lock may be silent before it counts as frozen. */
const PATIENCE_MS = 2000

/** The messages between this tab and the others. */
export type TabChannel = {
  /** Sends a message to the other tabs. Without a message, it does nothing. */
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
 * @param receive takes a message; returns whether it is a result
 */
export function tabChannel(
  environment: Environment,
  channel: Channel | null | undefined,
  receive: (message: Message) => boolean
): TabChannel {
  const post = (message: Message | null | undefined) => message && channel?.postMessage(message)
  let isHolding = false
  let isHolderAlive = false
  let resolveNews: () => void
  let result: Promise<void>
  const renew = () => {
    result = new Promise((resolve) => {
      resolveNews = resolve
    })
  }
  renew()
  if (channel) {
    channel.onmessage = ({ data }) => {
      const message = data as Message
      if (message.type === 'busy') isHolderAlive = true
      if (message.type === 'question' && isHolding) post({ type: 'busy' })
      if (!receive(message)) return
      resolveNews()
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
        post({ type: 'question' })
        await sleep(environment, PATIENCE_MS)
      } while (isHolderAlive && !isOver())
    }
  }
}
