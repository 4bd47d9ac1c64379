import type { Environment } from '../environment.ts'
import type { TokenPlace } from '../storage.ts'
import { lockOfTabs } from './lock-of-tabs.ts'
import type { Message } from './message.ts'
import { tabChannel } from './tab-channel.ts'

type Work = () => Promise<void>

export type Tabs = {
  /** Sends a message to the other tabs. Without a message, it does nothing. */
  post(message: Message | null | undefined): void
  /** Resolves when another tab reports a result. */
  news(): Promise<void>
  /**
   * Runs `work` while no other tab, no other call and no other process that shares the storage runs
   * its own. The lock of a frozen tab is bypassed, not stolen: a stolen lock would make its holder
   * fail when it wakes.
   * @param yields whether a result of another tab makes the work unnecessary
   */
  alone(work: Work, yields: boolean): Promise<void>
}

/**
 * The tabs and workers that share the cookie. Without Web Locks, there is only this one.
 * @param storage of the refresh token, which other processes may share
 * @param receive takes a message; returns whether it is a result
 */
export function openTabs(
  environment: Environment,
  name: `gatehouse ${string}` | null,
  storage: Pick<TokenPlace, 'lock'>,
  receive: (message: Message) => boolean
): Tabs {
  const channel = tabChannel(environment, name && environment.openChannel(name), receive)
  const alone =
    name && environment.locks
      ? lockOfTabs(environment, environment.locks, name, channel)
      : inTurn((work) => (storage.lock ? storage.lock(work) : work()))
  return { ...channel, alone }
}

/** Runs one after the other. */
function inTurn(run: (work: Work) => Promise<void>) {
  let last = Promise.resolve()
  return (work: Work): Promise<void> => {
    const turn = last.then(() => run(work))
    last = turn.catch(() => {})
    return turn
  }
}
