import type { ClientTls } from '@gatehouse/tls/client-tls'
import type { RouteTable } from '../../routes/table/route-table.ts'

/**
 * An address, and how its certificates are verified. Two services may have the same address with
 * different TLS: the connections, the failures and the health of one are not those of the other.
 */
export type Endpoint = { readonly address: string; readonly tls: ClientTls | null }

/** The same for the same endpoint. */
export const endpointKey = ({ address, tls }: Endpoint): string =>
  tls === null ? address : `${address} ${tls.id}`

/** The endpoints that a route table names, by their keys. */
export type NamedEndpoints = ReadonlyMap<string, Endpoint>

export function namedEndpoints({ routes }: RouteTable): NamedEndpoints {
  const all = routes.flatMap(({ upstream: { addresses, tls } }) =>
    addresses.map((address) => ({ address, tls }))
  )
  return new Map(all.map((endpoint) => [endpointKey(endpoint), endpoint]))
}
