import { invalidMember } from '../refusals.ts'
import type { ReachableHosts, UrlFault } from '../signed-post/reachable-hosts.ts'

const LONGEST_URL = 2048

const texts: Readonly<Record<UrlFault, string>> = {
  credentials: 'must not contain a user or a password',
  http: 'must be an https URL; http is allowed only to hosts in AUTH_WEBHOOK_PRIVATE_HOSTS',
  scheme: 'must be an https URL',
  private: 'names a private address, which AUTH_WEBHOOK_PRIVATE_HOSTS does not list'
}

/** What is wrong with the URL of an endpoint, for operators; null: nothing. */
export function webhookUrlFault(hosts: ReachableHosts, url: URL): string | null {
  const fault = hosts.faultOf(url)
  return fault === null ? null : texts[fault]
}

/**
 * The URL as it is stored.
 * @throws Refusal INVALID_REQUEST
 */
export function checkedUrl(text: string, hosts: ReachableHosts): string {
  const url = URL.parse(text)
  if (url === null || text.length > LONGEST_URL) {
    throw invalidMember('url', `must be a URL of at most ${LONGEST_URL} characters`)
  }
  const fault = webhookUrlFault(hosts, url)
  if (fault !== null) throw invalidMember('url', fault)
  // A fragment is never sent (RFC 9110 §7.1).
  url.hash = ''
  return url.href
}
