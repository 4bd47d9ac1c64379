import type { ClientTls } from '@gatehouse/tls/client-tls'

/**
 * An address, and how its certificates are verified. Two services may have the same address with
 * different TLS: the connections, the failures and the health of one are not those of the other.
 */
export type Endpoint = { readonly address: string; readonly tls: ClientTls | null }

/** The same for the same endpoint. */
export const endpointKey = ({ address, tls }: Endpoint): string =>
  tls === null ? address : `${address} ${tls.id}`
