import type { Socket } from 'node:net'
import { LONGEST_PROXY_HEADER, type ProxyHeader, readProxyHeader } from './proxy-header.ts'

/** Why a connection has no valid header. */
export type ReceivedFault = 'none' | 'malformed' | 'unfinished'

/** `nothing`: a health check of a load balancer that only connects */
type Received = ProxyHeader | ReceivedFault | 'nothing'

/** Takes the header off a connection, and leaves all that follows unread. */
export function receiveProxyHeader(
  socket: Socket,
  { idleMs, headerMs }: { idleMs: number; headerMs: number },
  onReceived: (received: Received) => void
): void {
  const bytes = Buffer.alloc(LONGEST_PROXY_HEADER)
  let length = 0
  const giveUp = (): void => end(length === 0 ? 'nothing' : 'unfinished')
  let deadline = setTimeout(giveUp, idleMs).unref()
  const end = (received: Received): void => {
    clearTimeout(deadline)
    socket.off('readable', onReadable).off('end', giveUp).off('close', giveUp).off('error', ignore)
    onReceived(received)
  }
  const onReadable = (): void => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
      if (length === 0) {
        clearTimeout(deadline)
        deadline = setTimeout(giveUp, headerMs).unref()
      }
      const copied = chunk.copy(bytes, length)
      length += copied
      const read = readProxyHeader(bytes.subarray(0, length))
      if (read === 'more') continue
      const taken = typeof read === 'object' ? read.length : 0
      const following = Buffer.concat([bytes.subarray(taken, length), chunk.subarray(copied)])
      if (following.length > 0) socket.unshift(following)
      end(read)
      return
    }
  }
  // `close` follows.
  const ignore = (): void => {}
  socket.on('error', ignore).on('readable', onReadable).once('end', giveUp).once('close', giveUp)
  onReadable()
}
