import type { Agenda } from './agenda.ts'

/** What a client gets for a refresh. `retryAfter` is in seconds. */
export type Answer = { readonly isOk: true } | { readonly isOk: false; readonly retryAfter: number }

type AuthServiceOptions = {
  /** how many refreshes it can answer per second, with all its cores */
  readonly perSecond: number
  /** how many requests the gateways let wait (GATEWAY_UPSTREAM_CONNECTIONS, all addresses) */
  readonly places: number
}

/** The auth services behind the gateways, as one queue. */
export type AuthService = {
  /** whether its stores can be reached */
  isUp: boolean
  refresh(answered: (answer: Answer) => void): void
  /** what it has done since the last call */
  counts(): { readonly asked: number; readonly done: number; readonly refused: number }
}

/** A response without work takes this long. */
const REFUSAL_SECONDS = 0.002
/** What gateways and auth services send with 503. */
const RETRY_AFTER_SECONDS = 1

/**
 * Answers one request after the other. A request that finds all places taken is refused at once by
 * the gateway, and one that finds no store by the auth service.
 */
export function authService(agenda: Agenda, options: AuthServiceOptions): AuthService {
  const { perSecond, places } = options
  let [asked, done, refused] = [0, 0, 0]
  let inFlight = 0
  let freeAt = 0
  const refuse = (answered: (answer: Answer) => void): void => {
    refused += 1
    agenda.at(agenda.now + REFUSAL_SECONDS, () =>
      answered({ isOk: false, retryAfter: RETRY_AFTER_SECONDS })
    )
  }
  const service: AuthService = {
    isUp: true,
    refresh(answered) {
      asked += 1
      if (!service.isUp || inFlight >= places) return refuse(answered)
      inFlight += 1
      freeAt = Math.max(freeAt, agenda.now) + 1 / perSecond
      agenda.at(freeAt, () => {
        inFlight -= 1
        if (!service.isUp) return refuse(answered)
        done += 1
        answered({ isOk: true })
      })
    },
    counts() {
      const counts = { asked, done, refused }
      asked = done = refused = 0
      return counts
    }
  }
  return service
}
