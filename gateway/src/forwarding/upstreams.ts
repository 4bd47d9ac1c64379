import type { Refusal } from '@gatehouse/problem/refusal'
import { callerBusy, upstreamBusy } from '../refusals.ts'
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
  /**
   * A place at the address with the fewest requests under way. A refusal where every place is taken, or the caller's share is.
   * @param caller whose share it is taken from; null: of nobody's
   */
  take(upstream: Upstream, caller: string | null, except?: ReadonlySet<string>): Place | Refusal
  /** What the checks of an address's health have found. */
  setHealthy(address: string, healthy: boolean): void
  /** Every address that was asked so far, for the metrics. */
  figures(): readonly Figure[]
  /** How often there was no place, and why, for the metrics. */
  refused(): readonly Refused[]
}

export type Figure = {
  readonly address: string
  readonly underWay: number
  /** how many callers have a place, those without a share aside */
  readonly callers: number
  readonly available: boolean
}

/** `full`: all places are taken. `caller_share`: the caller has its share of them. */
export type NoPlace = 'full' | 'caller_share'

export type Refused = {
  readonly upstream: string
  readonly reason: NoPlace
  readonly count: number
}

type State = {
  underWay: number
  /** by caller; none has 0 */
  readonly held: Map<string, number>
  healthy: boolean
  failures: number
  avoidedUntilMs: number
}

export type UpstreamsNeeds = {
  readonly placesPerAddress: number
  /** the part of the places that all others leave which one caller may have, from 1 to 100 */
  readonly sharePercent: number
  readonly clock: () => number
}

const SHORTEST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000

/**
 * Spreads requests over the addresses of a service. One that fails is left alone for a while that doubles with each failure;
 * where none is left, all are tried: a guess is better than a refusal.
 *
 * One caller may hold a part of the places that all others leave. So a caller that holds its places for as long as it can (by not
 * reading answers, or by sending a byte now and then) does not take those of others.
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
      healthy: true,
      failures: 0,
      avoidedUntilMs: 0
    }
    states.set(address, state)
    return state
  }
  const isAvailable = ({ healthy, avoidedUntilMs }: State, nowMs: number) =>
    healthy && avoidedUntilMs <= nowMs

  /** Whether the caller would have no more than its part of what the others leave. */
  const isWithinShare = ({ underWay, held }: State, caller: string | null): boolean => {
    const own = caller === null ? 0 : (held.get(caller) ?? 0)
    return own * (100 - sharePercent) < sharePercent * (placesPerAddress - underWay)
  }

  /** The least busy of some addresses that has a place for the caller; of several that are, each in its turn. */
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
    take({ name, addresses }, caller, except) {
      let address: string | NoPlace
      if (addresses.length === 1 && except === undefined) address = leastBusy(addresses, caller)
      else {
        const nowMs = clock()
        const left = addresses.filter((one) => !except?.has(one))
        const available = left.filter((one) => isAvailable(stateOf(one), nowMs))
        address = leastBusy(available.length > 0 ? available : left, caller)
      }
      if (address === 'full' || address === 'caller_share') return refuse(name, address)
      return place({ address, caller, state: stateOf(address), clock })
    },
    setHealthy(address, healthy) {
      stateOf(address).healthy = healthy
    },
    figures: () =>
      [...states].map(([address, state]) => ({
        address,
        underWay: state.underWay,
        callers: state.held.size,
        available: isAvailable(state, clock())
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
  readonly clock: () => number
}

function place({ address, caller, state, clock }: Taken): Place {
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
