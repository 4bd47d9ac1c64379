import type { Upstream } from '../routes/upstream.ts'

/** A place at one address of a service, for one request. */
export type Place = {
  /** origin, e.g. `http://127.0.0.1:3002` */
  readonly address: string
  /** The request is over. */
  leave(): void
  /** It could not be reached, or broke off: for a while others are preferred. */
  failed(): void
  /** It answered. */
  answered(): void
}

/** The services' addresses, and how each of them is. */
export type Upstreams = {
  /** A place at the address with the fewest requests under way; null where every place is taken. */
  take(upstream: Upstream, except?: ReadonlySet<string>): Place | null
  /** What the checks of an address's health have found. */
  setHealthy(address: string, healthy: boolean): void
  /** Every address that was asked so far, for the metrics. */
  figures(): readonly Figure[]
}

export type Figure = {
  readonly address: string
  readonly underWay: number
  readonly available: boolean
}

type State = { underWay: number; healthy: boolean; failures: number; avoidedUntilMs: number }

const SHORTEST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000

/**
 * Spreads requests over the addresses of a service. One that fails is left alone for a while that doubles with each failure;
 * where none is left, all are tried: a guess is better than a refusal.
 */
export function upstreams(needs: { placesPerAddress: number; clock: () => number }): Upstreams {
  const { placesPerAddress, clock } = needs
  const states = new Map<string, State>()
  let turn = 0

  const stateOf = (address: string): State => {
    const known = states.get(address)
    if (known !== undefined) return known
    const state: State = { underWay: 0, healthy: true, failures: 0, avoidedUntilMs: 0 }
    states.set(address, state)
    return state
  }
  const isAvailable = ({ healthy, avoidedUntilMs }: State, nowMs: number) =>
    healthy && avoidedUntilMs <= nowMs

  /** The least busy of some addresses that has a place; of several that are, each in its turn. */
  const leastBusy = (addresses: readonly string[]): string | null => {
    turn += 1
    let best: string | null = null
    let fewest = placesPerAddress
    for (let index = 0; index < addresses.length; index += 1) {
      const address = addresses[(index + turn) % addresses.length] ?? ''
      const { underWay } = stateOf(address)
      if (underWay >= fewest) continue
      best = address
      fewest = underWay
    }
    return best
  }

  return {
    take({ addresses }, except) {
      let address: string | null
      if (addresses.length === 1 && except === undefined) address = leastBusy(addresses)
      else {
        const nowMs = clock()
        const left = addresses.filter((one) => !except?.has(one))
        const available = left.filter((one) => isAvailable(stateOf(one), nowMs))
        address = leastBusy(available.length > 0 ? available : left)
      }
      return address === null ? null : place(address, stateOf(address), clock)
    },
    setHealthy(address, healthy) {
      stateOf(address).healthy = healthy
    },
    figures: () =>
      [...states].map(([address, state]) => ({
        address,
        underWay: state.underWay,
        available: isAvailable(state, clock())
      }))
  }
}

function place(address: string, state: State, clock: () => number): Place {
  state.underWay += 1
  let left = false
  return {
    address,
    leave() {
      if (!left) state.underWay -= 1
      left = true
    },
    failed() {
      const pauseMs = Math.min(SHORTEST_PAUSE_MS * 2 ** state.failures, LONGEST_PAUSE_MS)
      state.failures += 1
      state.avoidedUntilMs = clock() + pauseMs
    },
    answered() {
      state.failures = 0
      state.avoidedUntilMs = 0
    }
  }
}
