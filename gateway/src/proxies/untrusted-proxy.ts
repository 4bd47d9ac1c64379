import type { IncomingMessage } from 'node:http'
import { forwardedHeader } from '@gatehouse/edge-headers/names'
import type { Ports } from '../ports.ts'
import type { ArrivedHop } from './arrived-hop.ts'
import type { IsTrustedProxy } from './trusted-proxies.ts'

/** A client can write these headers as well: then the log has a line an hour. */
const QUIET_MS = 3_600_000

const UNTRUSTED =
  'the forwarding headers of this address do not count. If it is a proxy in front of the gateway, list it in GATEWAY_TRUSTED_PROXIES: until then, all its clients count as one'

/**
 * Logs that a peer that is no trusted proxy names a client: the setting may lack a proxy.
 * @returns what each request without a PROXY header is told to
 */
export function watchUntrusted(
  isTrusted: IsTrustedProxy,
  { log, clock }: Pick<Ports, 'log' | 'clock'>
): (raw: IncomingMessage, hop: ArrivedHop) => void {
  let quietUntilMs = Number.NEGATIVE_INFINITY
  return ({ headers }, { addresses }) => {
    // With more addresses, a trusted proxy has named the others.
    if (addresses.length > 1) return
    const header = headers[forwardedHeader.for] === undefined ? 'forwarded' : forwardedHeader.for
    const [address] = addresses
    if (headers[header] === undefined || clock() < quietUntilMs || isTrusted(address)) return
    quietUntilMs = clock() + QUIET_MS
    log.warn({ address, header }, UNTRUSTED)
  }
}
