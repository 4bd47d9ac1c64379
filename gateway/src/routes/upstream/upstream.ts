import { httpUrlFault } from '@gatehouse/settings/formats'
import type { DocumentFault } from '@gatehouse/settings/schema-faults'
import type { ClientTls } from '@gatehouse/tls/client-tls'
import { type Static, Type } from 'typebox'
import { canonicalTarget } from '../../paths/canonical-path.ts'
import { type Health, HealthEntry, healthDefaults, healthFaults } from './upstream-health.ts'
import { type Protocol, protocolFaults, protocols } from './upstream-protocol.ts'
import { UpstreamTlsEntry } from './upstream-tls.ts'

/** As it is written: an address, or an environment variable that contains one. */
const Address = Type.String({
  title: 'an address such as http://orders:3002, without user, query and fragment',
  faultOf: httpUrlFault,
  pattern: '^(https?://[^/?#@]+(/[^?#]*)?|\\$\\{[A-Z_][A-Z0-9_]*(:-[^}]*)?\\})$',
  description:
    'Scheme and authority, for example http://orders:3002. A base path (http://orders:3002/api/v2) is put before every path that is forwarded.'
})

/** A service, as it is written in the file. */
export const UpstreamEntry = Type.Union([
  Address,
  Type.Object(
    {
      addresses: Type.Array(Address, {
        minItems: 1,
        description: 'Each request goes to the address with the fewest requests in flight.'
      }),
      health: Type.Optional(HealthEntry),
      keepAliveSeconds: Type.Optional(
        Type.Integer({
          minimum: 3,
          maximum: 3600,
          description:
            'How long the service keeps an idle connection open, if it sends no Keep-Alive header. Without one of the two, each POST, PATCH and streamed upload gets a new connection.'
        })
      ),
      protocol: Type.Optional(
        Type.Enum([...protocols], {
          description:
            'The protocol of the service. Default: http/1.1. h2c: HTTP/2 without TLS, for http addresses. h2: HTTP/2 with TLS, for https addresses; the service must choose it (ALPN). gRPC needs one of these two.'
        })
      ),
      tls: Type.Optional(UpstreamTlsEntry)
    },
    { additionalProperties: false }
  )
])
export type UpstreamEntry = Static<typeof UpstreamEntry>

/** A service as the stages read it: one or more processes with the same function. */
export type Upstream = {
  readonly name: string
  /** origins, e.g. `http://127.0.0.1:3002` */
  readonly addresses: readonly string[]
  /** the start of every path, without a slash at its end, e.g. `/api/v2`; empty if there is none */
  readonly basePath: string
  readonly health: Health | null
  readonly protocol: Protocol
  /** how long the service keeps an idle connection open, as the operator says; 0: not known */
  readonly keepAliveSeconds: number
  /** how its certificates are verified; null: as those of the public web, and without TLS */
  readonly tls: ClientTls | null
}

export function toUpstream(name: string, entry: UpstreamEntry, tls: ClientTls | null): Upstream {
  const {
    addresses,
    health,
    keepAliveSeconds = 0,
    protocol = 'http/1.1'
  } = typeof entry === 'string' ? { addresses: [entry] } : entry
  return {
    name,
    addresses: addresses.map((one) => new URL(one).origin),
    basePath: basePathOf(addresses[0] ?? ''),
    health: health === undefined ? null : { ...healthDefaults, ...health },
    keepAliveSeconds,
    protocol,
    tls
  }
}

/** As it is written, because `URL` would hide a dot segment. */
const basePathOf = (address: string): string =>
  address.replace(/^https?:\/\/[^/]*/i, '').replace(/\/$/, '')

/**
 * The faults that a schema cannot find.
 * @param path where the entry is
 */
export function upstreamFaults(entry: UpstreamEntry, path: DocumentFault['path']): DocumentFault[] {
  const addresses = typeof entry === 'string' ? [entry] : entry.addresses
  const invalid = addresses.flatMap((address, at) => {
    const fault = httpUrlFault(address)
    if (fault === null) return []
    const text = `${address} is not an http or https address: ${fault}`
    return [{ path: typeof entry === 'string' ? path : [...path, 'addresses', at], text }]
  })
  const known = addresses.filter((address) => httpUrlFault(address) === null)
  return [...invalid, ...faultsTogether(entry, known).map((text) => ({ path, text }))]
}

/** The faults of all valid addresses together. */
function faultsTogether(entry: UpstreamEntry, addresses: readonly string[]): string[] {
  const faults: string[] = []
  if (new Set(addresses.map((one) => new URL(one).origin)).size < addresses.length) {
    faults.push('an address is given twice')
  }
  const plain = addresses.find((address) => new URL(address).protocol === 'http:')
  if (typeof entry !== 'string' && entry.tls !== undefined && plain !== undefined) {
    faults.push(`tls has no effect on ${plain}: begin the address with https`)
  }
  if (typeof entry !== 'string' && entry.protocol !== undefined) {
    faults.push(...protocolFaults(entry.protocol, addresses))
  }
  if (typeof entry !== 'string' && entry.health !== undefined) {
    faults.push(...healthFaults(entry.health, entry.protocol ?? 'http/1.1'))
  }
  const basePaths = [...new Set(addresses.map(basePathOf))]
  if (basePaths.length > 1) faults.push('its addresses have different base paths')
  for (const basePath of basePaths) {
    if (basePath !== '' && canonicalTarget(basePath)?.path !== basePath) {
      faults.push(`the base path ${basePath} is not a canonical path`)
    }
  }
  return faults
}
