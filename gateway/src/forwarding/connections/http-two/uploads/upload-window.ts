import type { ClientHttp2Session } from 'node:http2'
import { type Claim, mostHeld } from './upload-claim.ts'

/** The window for uploads of a connection (RFC 9113 §5.2), and the uploads that share it. */
export type UploadWindow = {
  /**
   * Whether an upload can begin, and neither holds up the others nor is held up by them.
   * @param mustShare whether there is no other connection: then it may be held up
   */
  hasRoom(claim: Claim, mustShare: boolean): boolean
  /**
   * Counts an upload.
   * @returns to be called when its stream has closed
   */
  add(claim: Claim): () => void
  sizes(): WindowSizes
}

/** The windows in bytes. */
export type WindowSizes = {
  /** what one upload may hold unread */
  readonly stream: number
  /** what all uploads on a connection may hold */
  readonly connection: number
}

/** RFC 9113 §6.9.2: what a window has, unless the service has made it another one. */
export const USUAL_WINDOW_BYTES = 65_535

/**
 * All uploads on a connection share its window. Some services, such as those of Go, reopen it only
 * when their program reads. An unread upload holds at most the window of its stream. So uploads
 * share a connection only if everything that they may hold together fits into its window. gRPC
 * calls share a connection only with each other, and begin while half of the window is left.
 */
export function uploadWindow(http: ClientHttp2Session): UploadWindow {
  let widest = 0
  let uploads = 0
  let calls = 0
  let heldBytes = 0
  const streamWindow = (): number => http.remoteSettings.initialWindowSize ?? USUAL_WINDOW_BYTES
  const isNarrow = (): boolean => {
    const { remoteWindowSize: left = 0 } = http.state
    widest = Math.max(widest, left)
    return left < widest / 2
  }
  return {
    hasRoom(claim, mustShare) {
      if (mustShare || uploads + calls === 0) return !isNarrow()
      if (claim.isCall) return uploads === 0 && !isNarrow()
      return calls === 0 && !isNarrow() && heldBytes + mostHeld(claim, streamWindow()) <= widest
    },
    add(claim) {
      const bytes = mostHeld(claim, streamWindow())
      const count = (change: 1 | -1): void => {
        if (claim.isCall) calls += change
        else uploads += change
        heldBytes += change * bytes
      }
      count(1)
      return () => count(-1)
    },
    sizes() {
      isNarrow()
      return { stream: streamWindow(), connection: widest }
    }
  }
}
