import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import type { Socket } from 'node:net'
import type { PacedStream } from '@gatehouse/http-service/paced-stream'
import { errors } from 'undici'
import type { NoteFault } from '../../../faults/guard.ts'
import { guardEvents } from '../../../faults/guarded-events.ts'
import { NotHttpTwo } from '../../../faults/http-two-faults.ts'
import { CONNECTION_WINDOW_BYTES, httpOptions } from '../http-options.ts'
import type { Claim } from '../uploads/upload-claim.ts'
import { type UploadWindow, uploadWindow } from '../uploads/upload-window.ts'
import { type Liveness, liveness } from './liveness.ts'
import { type OpenSocket, openSocket } from './open-socket.ts'
import { type ResetCount, resetCount } from './reset-count.ts'
import type { SessionOptions } from './session-options.ts'
import { type StreamUse, streamUse } from './stream-use.ts'
import { unsentRequests } from './unsent-requests.ts'

/** One connection to a service, which carries several requests at a time. */
export type Session = {
  readonly http: ClientHttp2Session
  /** whether a response has begun on it, so that the service has accepted requests on it before */
  isProven: boolean
  /** whether the connection has ended, rather than one of its streams */
  isLost: boolean
  /** whether another request may begin on it */
  isOpen(): boolean
  /**
   * How many more requests it can take.
   * @param claim of each of them; null: without a body
   * @param mustShare whether there is no other connection, so that uploads may hold each other up
   */
  free(claim: Claim | null, mustShare?: boolean): number
  /** the window that its uploads share */
  readonly uploads: UploadWindow
  /** whether the service accepts requests on it, now or when others have ended */
  isAccepting(): boolean
  /**
   * Counts the stream of a request, and its upload, until it closes.
   * @returns to be called if the request has reached its time limit: the connection may be dead
   */
  add(stream: ClientHttp2Stream, claim: Claim | null): () => void
  /**
   * Closes the connection after its last stream; no other request begins on it. If the service does
   * not close it then, its socket is closed after two seconds.
   */
  retire(): void
  /** The service accepts no more requests: retires, and closes the streams of those not sent. */
  refuse(): void
  /** whether the stream was closed because its request was not sent */
  isRefused(stream: ClientHttp2Stream): boolean
  /** Closes its socket at once. */
  destroy(): void
}

/** More requests go to another connection, even if the service allows them. */
const MOST_STREAMS = 100
/** The maximum age of a connection: afterwards, new requests resolve the service's name again. */
const LONGEST_AGE_MS = 600_000

/**
 * Opens a connection. It is ready when the service has sent its settings (RFC 9113 §3.4): then it
 * speaks HTTP/2, and the gateway knows how many streams it accepts.
 * @param onReady called once: null, or why there is no connection. No request was sent on it.
 */
export function openSession(options: SessionOptions, onReady: (error: Error | null) => void) {
  const { origin, tls, connectMs } = options
  let isDecided = false
  const decide = (error: Error | null): void => {
    if (isDecided) return
    isDecided = true
    clearTimeout(late)
    if (error !== null) session.destroy()
    onReady(error)
  }
  const late = setTimeout(() => decide(new errors.ConnectTimeoutError()), connectMs)
  const opened = openSocket(origin, tls, (error) => {
    if (error !== null) decide(error)
  })
  const session = sessionOn(opened, options)
  const { http } = session
  http.once('remoteSettings', () => decide(null))
  http.on('remoteSettings', ({ maxConcurrentStreams }) => {
    // RFC 9113 §6.5.2: the service accepts no more streams here. It may do so elsewhere.
    if (maxConcurrentStreams === 0) session.refuse()
    options.onCapacity()
  })
  // An error before the settings is that of a service that speaks something else.
  http.on('error', (error) => decide(isOfNetwork(error) ? error : new NotHttpTwo(error.message)))
  http.once('close', () => {
    decide(new NotHttpTwo('the service has closed the connection'))
    options.onClosed()
  })
  return session
}

/** Whether the connection failed, rather than HTTP/2 on it. */
const isOfNetwork = (error: Error & { code?: string }): boolean =>
  error.code !== undefined && !error.code.startsWith('ERR_HTTP2_')

function sessionOn({ socket, stream: duplex }: OpenSocket, options: SessionOptions): Session {
  const { monotonicClock, noteFault, onCapacity } = options
  const born = monotonicClock()
  const http = connect(options.origin, { ...httpOptions, createConnection: () => duplex })
  http.once('connect', () => http.setLocalWindowSize(CONNECTION_WINDOW_BYTES))
  const resets = resetCount(monotonicClock)
  const uploads = uploadWindow(http)
  const unsent = unsentRequests(http)
  const use = streamUse(options.idleMs, {
    onIdle: () => session.retire(),
    onLeft: () => session.destroy()
  })
  const session: Session = {
    http,
    uploads,
    isProven: false,
    isLost: false,
    isOpen: () =>
      !use.isEnding &&
      !http.closed &&
      !http.destroyed &&
      !resets.isHigh() &&
      monotonicClock() - born < LONGEST_AGE_MS,
    free(claim, mustShare = false) {
      if (!session.isAccepting() || !(claim === null || uploads.hasRoom(claim, mustShare))) return 0
      const { maxConcurrentStreams = MOST_STREAMS } = http.remoteSettings
      return Math.min(maxConcurrentStreams, MOST_STREAMS) - use.streams
    },
    isAccepting: () => session.isOpen() && !alive.isInDoubt(),
    add(stream, claim) {
      unsent.add(stream)
      if (claim !== null) stream.once('close', uploads.add(claim))
      return addStream(stream, { socket, use, resets, alive, onCapacity })
    },
    retire() {
      use.end()
      http.close()
    },
    refuse() {
      unsent.refuse()
      session.retire()
    },
    isRefused: unsent.isRefused,
    destroy() {
      http.destroy()
      // A session that was closed before only ends its own side of the connection.
      socket.destroy()
    }
  }
  const alive = livenessOf(session, options)
  http.once('remoteSettings', use.check)
  // RFC 9113 §6.8: the service may leave it to the gateway to close the connection.
  http.on('goaway', use.end)
  watch(socket, duplex, session, noteFault)
  http.once('close', use.stop)
  return session
}

type StreamPorts = Pick<SessionOptions, 'onCapacity'> & {
  readonly socket: Socket
  readonly use: StreamUse
  readonly resets: ResetCount
  readonly alive: Liveness
}

/** As `Session.add`, for a request without a body. */
function addStream(
  stream: ClientHttp2Stream,
  { socket, use, resets, alive, onCapacity }: StreamPorts
): () => void {
  use.opened()
  const { bytesRead } = socket
  stream.once('close', () => {
    if (stream.rstCode === constants.NGHTTP2_CANCEL) resets.note()
    use.closed()
    onCapacity()
  })
  return () => {
    if (socket.bytesRead === bytesRead) alive.doubt()
  }
}

const livenessOf = (session: Session, { monotonicClock, onCapacity }: SessionOptions): Liveness =>
  liveness({
    http: session.http,
    clock: monotonicClock,
    onAlive: onCapacity,
    onDead() {
      session.isLost = true
      session.destroy()
    },
    onUnknown: session.retire
  })

/** Notes the end of the connection, before the streams on it learn of it. */
function watch(socket: Socket, duplex: PacedStream, session: Session, noteFault: NoteFault): void {
  const lost = (): void => {
    session.isLost = true
  }
  socket.prependOnceListener('close', lost)
  socket.prependOnceListener('end', lost)
  // The service has said that it accepts no more streams. Those that it has not accepted are reset.
  session.http.on('goaway', (code: number) => {
    if (code !== 0) lost()
  })
  const onFault = (error: Error): void => {
    noteFault('connection', error)
    lost()
    session.destroy()
  }
  for (const one of [socket, duplex]) guardEvents(one, { onError: lost, onFault })
}
