import { sharedCapacity } from '../limits/shared-capacity.ts'

/** For all messages that are not complete, or not sent yet. */
const MOST_BYTES = 128 * 1024 * 1024
/** What each direction of a WebSocket may hold without being counted: an ordinary message. */
const FREE_BYTES = 16 * 1024

/** The memory for messages of WebSockets, of which each caller may use a share. */
export type MessageMemory = {
  /** An account for messages of one direction in one state. */
  account(caller: string | null): MessageAccount
}

export type MessageAccount = {
  /**
   * Says how many bytes are held now.
   * @returns false if that is more than is left; then the earlier number stays counted
   */
  hold(bytes: number): boolean
}

/**
 * A place at a service limits how many WebSockets a caller opens, but not what each of them holds:
 * a message may have megabytes, and its client may leave it unfinished for as long as its token
 * lives.
 * @param sharePercent the part that one caller may use of what all others leave, from 1 to 100
 */
export function messageMemory(sharePercent: number, mostBytes = MOST_BYTES): MessageMemory {
  const memory = sharedCapacity(sharePercent, mostBytes)
  return {
    account(caller) {
      let counted = 0
      return {
        hold(bytes) {
          const more = Math.max(bytes - FREE_BYTES, 0) - counted
          if (more > 0 && memory.take(caller, more) !== null) return false
          if (more < 0) memory.give(caller, -more)
          counted += more
          return true
        }
      }
    }
  }
}
