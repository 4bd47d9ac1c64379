import type { Refusal } from '@gatehouse/problem/refusal'
import { type SharedCapacity, sharedCapacity } from '../../limits/shared-capacity.ts'
import { callerBusy, upstreamBusy } from '../../refusals.ts'
import type { Upstream } from '../../routes/upstream/upstream.ts'
import { type Endpoint, endpointKey, type NamedEndpoints } from '../connections/endpoint.ts'
import { type Circuit, circuit } from './circuit.ts'
import { isNoPlace, type NoPlace, placeRefusals, type Refused } from './place-refusals.ts'

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
   * @param caller whose share the place counts against; null: of no caller
   */
  take(upstream: Upstream, caller: string | null, except?: ReadonlySet<string>): Place | Refusal
  /** Forgets what the route table no longer names: at once, or when its last request has ended. */
  keepOnly(named: NamedEndpoints): void
  /** Sets the result of a health check. */
  setHealthy(endpoint: Endpoint, healthy: boolean): void
  /** Every address that was asked so far and is still named or in use, for the metrics. */
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

/** What is known of an address. */
type State = {
  readonly places: SharedCapacity
  /** by endpoint: a service with other certificates may fail where others do not */
  readonly circuits: Map<string, Circuit>
}

type UpstreamsOptions = {
  readonly placesPerAddress: number
  /** the part of the places left by all others that one caller may use, from 1 to 100 */
  readonly sharePercent: number
  readonly monotonicClock: () => number
}

/**
 * Spreads requests over the addresses of a service. If all are avoided (`circuit.ts`), or the
 * others have no place, the avoided ones are tried, because a guess is better than a refusal. One
 * caller may use a part of the places that all others leave. So a slow-read or slow-body attack (a
 * caller that does not read responses, or sends a byte from time to time, to hold its places) does
 * not take the places of others.
 */
export function upstreams(options: UpstreamsOptions): Upstreams {
  const addresses: Addresses = { ...options, states: new Map(), named: null, turn: 0 }
  const refusals = placeRefusals()
  return {
    take(upstream, caller, except) {
      const address = addressFor(addresses, upstream, caller, except)
      if (isNoPlace(address)) {
        refusals.note(upstream.name, address)
        return address === 'full' ? upstreamBusy() : callerBusy()
      }
      const { failed, answered } = circuitOf(addresses, { address, tls: upstream.tls })
      return { address, leave: takePlace(addresses, address, caller), failed, answered }
    },
    keepOnly: (named) => keepOnly(addresses, named),
    setHealthy(endpoint, healthy) {
      circuitOf(addresses, endpoint).setHealthy(healthy)
    },
    figures: () =>
      [...addresses.states].map(([address, { places, circuits }]) => ({
        address,
        underWay: places.used,
        callers: places.callers,
        available: [...circuits.values()].every((one) => one.isAvailable())
      })),
    refused: refusals.all
  }
}

/** What is known of all addresses. */
type Addresses = UpstreamsOptions & {
  readonly states: Map<string, State>
  /** the addresses that the route table names; null: all */
  named: ReadonlySet<string> | null
  /** rotates the order, so that equally busy addresses take turns */
  turn: number
}

function stateOf({ states, sharePercent, placesPerAddress }: Addresses, address: string): State {
  const known = states.get(address)
  if (known !== undefined) return known
  const state: State = {
    places: sharedCapacity(sharePercent, placesPerAddress),
    circuits: new Map()
  }
  states.set(address, state)
  return state
}

function circuitOf(addresses: Addresses, endpoint: Endpoint): Circuit {
  const { circuits } = stateOf(addresses, endpoint.address)
  const key = endpointKey(endpoint)
  const known = circuits.get(key)
  if (known !== undefined) return known
  const made = circuit(addresses.monotonicClock)
  circuits.set(key, made)
  return made
}

/**
 * The address that gets a request: one that is not avoided, if one of those has a place. Otherwise
 * a client who makes a service break off could leave all others with the places of one address.
 */
function addressFor(
  known: Addresses,
  { addresses, tls }: Upstream,
  caller: string | null,
  except?: ReadonlySet<string>
): string | NoPlace {
  const all = except === undefined ? addresses : addresses.filter((one) => !except.has(one))
  if (all.length === 1) return leastBusy(known, all, caller)
  const circuitAt = (address: string) => circuitOf(known, { address, tls })
  const available = all.filter((address) => circuitAt(address).isAvailable())
  if (available.length === 0) return leastBusy(known, all, caller)
  const found = leastBusy(known, available, caller)
  if (!isNoPlace(found)) return found
  const avoided = all.filter((one) => circuitAt(one).isHealthy() && !available.includes(one))
  const other = leastBusy(known, avoided, caller)
  return other === 'full' ? found : other
}

/**
 * The least busy of these addresses that has a place for the caller. If several are equally busy,
 * each gets its turn.
 */
function leastBusy(
  known: Addresses,
  addresses: readonly string[],
  caller: string | null
): string | NoPlace {
  known.turn += 1
  let best: string | null = null
  let fewest = known.placesPerAddress
  let isShareTaken = false
  for (let index = 0; index < addresses.length; index += 1) {
    const address = addresses[(index + known.turn) % addresses.length] ?? ''
    const { places } = stateOf(known, address)
    if (places.used >= fewest) continue
    if (places.lacking(caller, 1) === 'share') {
      isShareTaken = true
      continue
    }
    best = address
    fewest = places.used
  }
  return best ?? (isShareTaken ? 'caller_share' : 'full')
}

/** @returns a function that leaves the place, once */
function takePlace(known: Addresses, address: string, caller: string | null): () => void {
  const { places } = stateOf(known, address)
  places.take(caller, 1)
  let left = false
  return () => {
    if (left) return
    left = true
    places.give(caller, 1)
    if (places.used === 0 && known.named?.has(address) === false) known.states.delete(address)
  }
}

function keepOnly(known: Addresses, endpoints: NamedEndpoints): void {
  const named = new Set([...endpoints.values()].map(({ address }) => address))
  known.named = named
  for (const [address, { places, circuits }] of known.states) {
    if (!named.has(address) && places.used === 0) known.states.delete(address)
    for (const key of circuits.keys()) if (!endpoints.has(key)) circuits.delete(key)
  }
}
