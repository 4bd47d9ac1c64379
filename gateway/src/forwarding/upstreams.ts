import type { Refusal } from '@gatehouse/problem/refusal'
import { callerBusy, upstreamBusy } from '../refusals.ts'
import type { Upstream } from '../routes/upstream.ts'
import { type Endpoint, endpointKey } from './endpoint.ts'

/** Capacity for one request at one address of a service. */
export type Place = {
  /** origin, e.g. `http://127.0.0.1:3002` */
  readonly address: string
  /** The request has ended. */
  leave(): void
  /** The address was unreachable or broke off: others are preferred for a while. */
  failed(): void
  /** The service has responded. */
  answered(): void
}

/** The addresses of the services, and the state of each. */
export type Upstreams = {
  /**
   * Takes a place at the address with the fewest requests in flight, or refuses if all places or
   * the caller's share are taken.
   * @param caller whose share the place counts against; null: nobody's
   */
  take(upstream: Upstream, caller: string | null, except?: ReadonlySet<string>): Place | Refusal
  /** Sets the result of a health check. */
  setHealthy(endpoint: Endpoint, healthy: boolean): void
  /** Every address that was asked so far, for the metrics. */
  figures(): readonly Figure[]
  /** How often a request got no place, and why, for the metrics. */
  refused(): readonly Refused[]
}

export type Figure = {
  readonly address: string
  readonly underWay: number
  /** how many callers have a place, without counting requests that belong to no caller */
  readonly callers: number
  /** whether all services with this address get requests there */
  readonly available: boolean
}

/** `full`: all places are taken. `caller_share`: the caller uses its share. */
export type NoPlace = 'full' | 'caller_share'

export type Refused = {
  readonly upstream: string
  readonly reason: NoPlace
  readonly count: number
}

type State = {
  underWay: number
  /** by caller; a caller with 0 is removed */
  readonly held: Map<string, number>
  readonly circuits: Map<string, Circuit>
}

/** What is known of an endpoint. */
type Circuit = {
  healthy: boolean
  failures: number
  avoidedUntilMs: number
}

export type UpstreamsNeeds = {
  readonly placesPerAddress: number
  /** the part of the places left by all others that one caller may use, from 1 to 100 */
  readonly sharePercent: number
  readonly clock: () => number
}

const SHORTEST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000

/**
 * Spreads requests over the addresses of a service. An address that fails is avoided for a time
 * that doubles with each failure. If all are avoided, all are tried, because a guess is better than
 * a refusal. One caller may use a part of the places that all others leave. So a caller that holds
 * its places as long as it can, by not reading responses or by sending a byte now and then, does
 * not take the places of others.
 */
export function upstreams(needs: UpstreamsNeeds): Upstreams {
  const { placesPerAddress, sharePercent, clock } = needs
  const states = new Map<string, State>()
  const refusals = new Map<string, Record<NoPlace, number>>()
  let turn = 0

  const stateOf = (address: string): State => {
    const known = states.get(address)
    if (known !== undefined) return known
    const state: State = {
      underWay: 0,
      held: new Map(),
      circuits: new Map()
    }
    states.set(address, state)
    return state
  }
  const circuitOf = (endpoint: Endpoint): Circuit => {
    const { circuits } = stateOf(endpoint.address)
    const key = endpointKey(endpoint)
    const known = circuits.get(key)
    if (known !== undefined) return known
    const circuit: Circuit = { healthy: true, failures: 0, avoidedUntilMs: 0 }
    circuits.set(key, circuit)
    return circuit
  }
  const isAvailable = ({ healthy, avoidedUntilMs }: Circuit, nowMs: number) =>
    healthy && avoidedUntilMs <= nowMs

  /** Whether the caller would use no more than its share of what the others leave. */
  const isWithinShare = ({ underWay, held }: State, caller: string | null): boolean => {
    const own = caller === null ? 0 : (held.get(caller) ?? 0)
    return own * (100 - sharePercent) < sharePercent * (placesPerAddress - underWay)
  }

  /**
   * The least busy of these addresses that has a place for the caller. If several are equally busy,
   * each gets its turn.
   */
  const leastBusy = (addresses: readonly string[], caller: string | null): string | NoPlace => {
    turn += 1
    let best: string | null = null
    let fewest = placesPerAddress
    let isShareTaken = false
    for (let index = 0; index < addresses.length; index += 1) {
      const address = addresses[(index + turn) % addresses.length] ?? ''
      const state = stateOf(address)
      if (state.underWay >= fewest) continue
      if (!isWithinShare(state, caller)) {
        isShareTaken = true
        continue
      }
      best = address
      fewest = state.underWay
    }
    return best ?? (isShareTaken ? 'caller_share' : 'full')
  }
  const refuse = (upstream: string, reason: NoPlace): Refusal => {
    const counts = refusals.get(upstream) ?? { full: 0, caller_share: 0 }
    counts[reason] += 1
    refusals.set(upstream, counts)
    return reason === 'full' ? upstreamBusy() : callerBusy()
  }

  return {
    take({ name, addresses, tls }, caller, except) {
      let address: string | NoPlace
      if (addresses.length === 1 && except === undefined) address = leastBusy(addresses, caller)
      else {
        const nowMs = clock()
        const left = addresses.filter((one) => !except?.has(one))
        const available = left.filter((one) => isAvailable(circuitOf({ address: one, tls }), nowMs))
        address = leastBusy(available.length > 0 ? available : left, caller)
      }
      if (address === 'full' || address === 'caller_share') return refuse(name, address)
      const circuit = circuitOf({ address, tls })
      return place({ address, caller, state: stateOf(address), circuit, clock })
    },
    setHealthy(endpoint, healthy) {
      circuitOf(endpoint).healthy = healthy
    },
    figures: () =>
      [...states].map(([address, state]) => ({
        address,
        underWay: state.underWay,
        callers: state.held.size,
        available: [...state.circuits.values()].every((one) => isAvailable(one, clock()))
      })),
    refused: () =>
      [...refusals].flatMap(([upstream, { full, caller_share }]) => [
        { upstream, reason: 'full', count: full },
        { upstream, reason: 'caller_share', count: caller_share }
      ])
  }
}

type Taken = {
  readonly address: string
  readonly caller: string | null
  readonly state: State
  readonly circuit: Circuit
  readonly clock: () => number
}

function place({ address, caller, state, circuit, clock }: Taken): Place {
  const { held } = state
  state.underWay += 1
  if (caller !== null) held.set(caller, (held.get(caller) ?? 0) + 1)
  let left = false
  return {
    address,
    leave() {
      if (left) return
      left = true
      state.underWay -= 1
      if (caller === null) return
      const others = (held.get(caller) ?? 1) - 1
      if (others === 0) held.delete(caller)
      else held.set(caller, others)
    },
    failed() {
      const pauseMs = Math.min(SHORTEST_PAUSE_MS * 2 ** circuit.failures, LONGEST_PAUSE_MS)
      circuit.failures += 1
      circuit.avoidedUntilMs = clock() + pauseMs
    },
    answered() {
      circuit.failures = 0
      circuit.avoidedUntilMs = 0
    }
  }
}
