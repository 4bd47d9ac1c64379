import type { ClientHttp2Session } from 'node:http2'

/** How much of the window for uploads a service has left on a connection (RFC 9113 §5.2). */
export type UploadWindow = {
  /** whether so little is left that an upload should use another connection */
  isNarrow(): boolean
}

/**
 * All uploads on a connection share its window. Some services, such as those of Go, give it back
 * only when their program reads: then one upload that is not read holds up all the others.
 */
export function uploadWindow(http: ClientHttp2Session): UploadWindow {
  let widest = 0
  return {
    isNarrow() {
      const { remoteWindowSize: left = 0 } = http.state
      widest = Math.max(widest, left)
      return left < widest / 2
    }
  }
}
