import { isIP } from 'node:net'
import { hostName } from '@gatehouse/edge-headers/host-name'
import { Refusal } from '@gatehouse/problem/refusal'
import type { onRequestHookHandler } from 'fastify'

const LABEL = /^[a-z0-9_-]*$/i

/**
 * Protects against DNS rebinding, in which a page points a host name of its own at this listener.
 * Returns whether that is impossible: the name in `Host` is an address, has no dot (such as
 * `localhost`, or the name of a container), or is listed by the operator. A browser always sends a
 * name, so a request without one is not from a page.
 * @param hostname as in `Host`, without the port
 */
export function isPrivateHost(hostname: string, hosts: readonly string[]): boolean {
  const host = hostName(hostname)
  return isIP(host) !== 0 || LABEL.test(hostname) || hosts.some((one) => hostName(one) === host)
}

/** A hook that refuses requests for other host names. */
export function requirePrivateHost(hosts: readonly string[]): onRequestHookHandler {
  return ({ hostname }, _reply, done) =>
    isPrivateHost(hostname, hosts) ? done() : done(notByThisName())
}

const notByThisName = () =>
  new Refusal('FORBIDDEN', {
    reason: 'the ops request names another host',
    detail:
      'the ops listener does not accept this host name: use an IP address, or list the name in …_OPS_HOSTS'
  })
