import type { ClientHttp2Session } from 'node:http2'

/** Finds out whether a connection on which a service was late is still alive. */
export type Liveness = {
  /** whether it is not known to be alive, so that no further request should begin on it */
  isInDoubt(): boolean
  /** A request has reached its time limit, and nothing arrived on the connection meanwhile. */
  doubt(): void
}

type LivenessOptions = {
  readonly http: ClientHttp2Session
  /** in milliseconds, never set back */
  readonly clock: () => number
  /** The service has answered: it is only slow. */
  onAlive(): void
  /** The network has cut the connection silently. */
  onDead(): void
  /** Another check would be too early. */
  onUnknown(): void
}

/** How long a service may take to answer a PING (RFC 9113 §6.7). */
const PING_MS = 5000
/** gRPC servers close a connection that gets PINGs more often than this while they send no data. */
const SHORTEST_PAUSE_MS = 300_000

export function liveness(options: LivenessOptions): Liveness {
  const { http, clock, onAlive, onDead, onUnknown } = options
  let isInDoubt = false
  let askedMs = Number.NEGATIVE_INFINITY
  return {
    isInDoubt: () => isInDoubt,
    doubt() {
      if (isInDoubt || http.destroyed) return
      if (clock() - askedMs < SHORTEST_PAUSE_MS) return onUnknown()
      isInDoubt = true
      askedMs = clock()
      const late = setTimeout(onDead, PING_MS).unref()
      http.ping((error) => {
        clearTimeout(late)
        if (error !== null) return
        isInDoubt = false
        onAlive()
      })
    }
  }
}
