import type { IncomingMessage } from 'node:http'
import { forwardedHeader } from '@gatehouse/edge-headers/names'
import type { Ports } from '../ports.ts'
import type { ArrivedHop } from './arrived-hop.ts'
import type { IsTrustedProxy } from './trusted-proxies.ts'

/** A client can write these headers as well, so the log gets at most one line per hour. */
const QUIET_MS = 3_600_000

const UNTRUSTED =
  'the forwarding headers from this address are ignored. If it is a proxy in front of the gateway, list it in GATEWAY_TRUSTED_PROXIES: until then, all its clients count as one'

/**
 * Logs that a peer that is not a trusted proxy names a client: the setting may lack a proxy.
 * @returns a function to call with each request that came without a PROXY header
 */
export function watchUntrusted(
  isTrusted: IsTrustedProxy,
  { log, monotonicClock }: Pick<Ports, 'log' | 'monotonicClock'>
): (raw: IncomingMessage, hop: ArrivedHop) => void {
  let quietUntilMs = Number.NEGATIVE_INFINITY
  return ({ headers }, { addresses }) => {
    // If there are several addresses, the peer is a trusted proxy, which named the others.
    if (addresses.length > 1) return
    const header = headers[forwardedHeader.for] === undefined ? 'forwarded' : forwardedHeader.for
    const [address] = addresses
    const nowMs = monotonicClock()
    if (headers[header] === undefined || nowMs < quietUntilMs || isTrusted(address)) return
    quietUntilMs = nowMs + QUIET_MS
    log.warn({ address, header }, UNTRUSTED)
  }
}
