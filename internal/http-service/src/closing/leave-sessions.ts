import type { Http2Stream, ServerHttp2Session } from 'node:http2'
import type { FastifyInstance } from 'fastify'
import { isHttpTwo } from '../http-two.ts'

/** How long a client may take to answer a PING, and how long new streams may delay the GOAWAY. */
const LONGEST_MS = 500
/**
 * A client that has been silent for this long since the start of the drain is told while it is
 * silent.
 */
const SILENT_MS = 1000

type Watched = {
  /** how many streams have begun or ended */
  changes: number
  /** resolves when the GOAWAY was sent to the client; null: nothing has begun to send it */
  told: Promise<void> | null
}

/**
 * Sends a GOAWAY over each HTTP/2 connection once the service drains. A GOAWAY names the last
 * stream that is processed, and Node.js cannot announce it beforehand (RFC 9113 §6.8), so a request
 * on its way at that moment would be refused. Therefore the next request waits until the client has
 * answered a PING without a stream beginning or ending in between. Then a client that waits for its
 * responses has nothing on its way, and the GOAWAY is sent before the responses.
 * @returns begins the drain
 */
export function leaveSessions(
  service: FastifyInstance,
  isDraining: () => boolean,
  silentMs: number = SILENT_MS
): () => void {
  const sessions = new Map<ServerHttp2Session, Watched>()
  const tellSilentSoon = (session: ServerHttp2Session, watched: Watched): void => {
    const silent = setTimeout(() => {
      if (isDraining()) watched.told ??= leave(session, watched)
    }, silentMs).unref()
    session.once('close', () => clearTimeout(silent))
  }
  service.server.on('session', (session: ServerHttp2Session) => {
    const watched: Watched = { changes: 0, told: null }
    sessions.set(session, watched)
    session.once('close', () => sessions.delete(session))
    if (isDraining()) {
      waitForTheFirst(session, watched)
      tellSilentSoon(session, watched)
    }
    session.on('stream', (stream: Http2Stream) => {
      watched.changes += 1
      stream.once('close', () => {
        watched.changes += 1
      })
    })
  })
  service.addHook('onRequest', (request, _reply, next) => {
    if (!isDraining() || !isHttpTwo(request.raw)) return next()
    const { session } = request.raw.stream
    const watched = sessions.get(session as ServerHttp2Session)
    if (session === undefined || watched === undefined) return next()
    watched.told ??= leave(session as ServerHttp2Session, watched)
    watched.told.then(() => next(), next)
  })
  return () => {
    for (const [session, watched] of sessions) tellSilentSoon(session, watched)
  }
}

/**
 * The server closes all of its sessions when it closes. At that time, the first request over a new
 * connection may be on its way.
 */
function waitForTheFirst(session: ServerHttp2Session, watched: Watched): void {
  const close = session.close.bind(session)
  session.close = (callback) => {
    if (watched.changes > 0 || watched.told !== null) close(callback)
  }
}

async function leave(session: ServerHttp2Session, watched: Watched): Promise<void> {
  const deadline = performance.now() + LONGEST_MS
  let before: number
  do {
    before = watched.changes
    if (!(await answersPing(session))) break
  } while (watched.changes !== before && performance.now() < deadline)
  if (!session.closed && !session.destroyed) session.close()
}

function answersPing(session: ServerHttp2Session): Promise<boolean> {
  return new Promise((resolve) => {
    const silent = setTimeout(() => resolve(false), LONGEST_MS).unref()
    const answered = (error: Error | null): void => {
      clearTimeout(silent)
      resolve(error === null)
    }
    if (session.closed || session.destroyed || !session.ping(answered)) resolve(false)
  })
}
