import type { Agenda } from './agenda.ts'
import type { AuthService } from './auth-service.ts'
import { timeBetween } from './random-numbers.ts'

/** How clients repeat a refresh that failed. Times are in seconds. */
export type Policy = {
  /** how often a call tries before it fails; the user, or the program, calls again later */
  readonly attempts: number
  /** @param failures in a row before this one */
  pause(failures: number, retryAfter: number, random: () => number): number
}

/** As `@gatehouse/client` does it (packages/client/src/backoff.ts). */
export const ourClient: Policy = {
  attempts: 3,
  pause: (_failures, retryAfter, random) => retryAfter * (1 + random() / 4)
}

/** A client without pauses: it tries until it gets a token. */
export const impatientClient: Policy = {
  attempts: Number.POSITIVE_INFINITY,
  pause: () => 0.1
}

/** The default of AUTH_ACCESS_TTL_SECONDS. */
export const TOKEN_SECONDS = 300
/** A token is refreshed by the first call after it has this share of its lifetime left. */
export const LEAD = { least: 0.1, range: 0.1 }

type ClientOptions = {
  readonly agenda: Agenda
  readonly auth: AuthService
  readonly policy: Policy
  readonly random: () => number
  /** the mean time between two calls of a client */
  readonly betweenCalls: () => number
}

/** Clients that call services, and refresh their tokens when a call needs it. */
export type Clients = {
  /** Adds a client whose token expires at this time. */
  add(tokenUntil: number): Client
  /** how many calls wait for a token, or have failed without one since the last success */
  readonly without: number
}

type Client = {
  /** Forgets the access token, as a page does that is loaded again, and calls. */
  reload(): void
}

export function clients(options: ClientOptions): Clients {
  const counts = { without: 0 }
  return {
    get without() {
      return counts.without
    },
    add: (tokenUntil) => new SimulatedClient(options, counts, tokenUntil)
  }
}

class SimulatedClient implements Client {
  readonly #options: ClientOptions
  readonly #counts: { without: number }
  #tokenUntil: number
  #failures = 0
  #isWithout = false
  #isRefreshing = false
  /** the number of the next call: an earlier one that is still due does not count */
  #next = 0

  constructor(options: ClientOptions, counts: { without: number }, tokenUntil: number) {
    this.#options = options
    this.#counts = counts
    this.#tokenUntil = tokenUntil
    this.#callAfter(Math.max(0, tokenUntil - options.agenda.now - this.#lead()))
  }

  reload(): void {
    this.#tokenUntil = this.#options.agenda.now
    this.#refresh()
  }

  #lead(): number {
    return TOKEN_SECONDS * (LEAD.least + LEAD.range * this.#options.random())
  }

  #callAfter(seconds: number): void {
    const { agenda, random, betweenCalls } = this.#options
    this.#next += 1
    const number = this.#next
    agenda.at(agenda.now + seconds + timeBetween(betweenCalls(), random), () => {
      if (number === this.#next) this.#refresh()
    })
  }

  /** All calls of a client share one refresh. */
  #refresh(): void {
    if (this.#isRefreshing) return
    this.#isRefreshing = true
    this.#attempt(this.#options.policy.attempts)
  }

  #attempt(left: number): void {
    const { agenda, auth, policy, random } = this.#options
    this.#note(agenda.now >= this.#tokenUntil)
    auth.refresh((answer) => {
      if (answer.isOk) return this.#takeToken()
      const pause = policy.pause(this.#failures, answer.retryAfter, random)
      this.#failures += 1
      if (left > 1) agenda.at(agenda.now + pause, () => this.#attempt(left - 1))
      else {
        this.#isRefreshing = false
        this.#callAfter(pause)
      }
    })
  }

  #takeToken(): void {
    this.#isRefreshing = false
    this.#failures = 0
    this.#note(false)
    this.#tokenUntil = this.#options.agenda.now + TOKEN_SECONDS
    this.#callAfter(TOKEN_SECONDS - this.#lead())
  }

  #note(isWithout: boolean): void {
    if (isWithout !== this.#isWithout) this.#counts.without += isWithout ? 1 : -1
    this.#isWithout = isWithout
  }
}
