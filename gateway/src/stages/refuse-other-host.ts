import { type Hosts, isOneOf } from '../paths/host.ts'
import { malformed } from '../refusals.ts'
import type { Hop } from '../request/hop.ts'

/**
 * Refuses a request for a host that is not one of the gateway's. A client writes any name into
 * `Host`. Services get it as `x-forwarded-host`, and frameworks write it into links, for example of
 * an e-mail that resets a password.
 */
export function refuseOtherHost({ host }: Pick<Hop, 'host'>, hosts: Hosts): void {
  if (isOneOf(hosts, host)) return
  throw malformed('this host is not served here', 'GATEWAY_HOSTS does not contain the host')
}
