import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import type { IsTrustedProxy } from '../proxies/trusted-proxies.ts'
import type { VerifiedToken } from '../tokens/verified-token.ts'

/**
 * The caller of a request, as the shares of a service's capacity count it: the subject of the
 * access token, or the client address (IPv6: the /64) of an anonymous request. So many users behind
 * one address (NAT) do not share one share.
 * @returns null for an anonymous request if only the address of a trusted proxy is known, because
 * it may come from any client
 */
export function callerOf(
  token: VerifiedToken | null,
  address: string,
  isTrustedProxy: IsTrustedProxy
): string | null {
  if (token !== null) return `subject ${token.identity.subject}`
  return isTrustedProxy(address) ? null : `address ${clientNetwork(address)}`
}
