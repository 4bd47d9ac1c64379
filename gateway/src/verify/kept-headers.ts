import { foldedName, isIdentityName } from '@gatehouse/edge-headers/names'
import { malformed } from '../refusals.ts'

/**
 * Headers with which a service may see another method or path than the one that was decided on:
 * method override of Rack, Symfony, Spring and Express, and URL rewriting of IIS (CVE-2018-14773).
 */
const REWRITING = /^(?:x-http-method|x-method-override|x-rewrite)(?:-|$)/

/** The first characters of the names that matter: `x-…` and `grpc-metadata-x-…`. */
const [X, G] = [0x78, 0x67]

/** ingress-nginx adds it to its subrequests, and to nothing else. */
const OF_INGRESS_NGINX = 'x-auth-request-redirect'

/**
 * Refuses a request with headers that the gateway would remove, but the proxy forwards. The proxy
 * replaces only those that the answer contains. It does not know the other spellings that a service
 * reads as the same name (oauth2-proxy CVE-2025-64484, Caddy CVE-2026-52845).
 * @param answered the headers that the answer contains
 * @throws Refusal INVALID_REQUEST
 */
export function refuseKeptHeaders(
  rawHeaders: readonly string[],
  answered: ReadonlySet<string>
): void {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    const first = name.charCodeAt(0)
    if (first !== X && first !== G) continue
    if (isIdentityName(name) && !answered.has(name) && name !== OF_INGRESS_NGINX) {
      throw kept('an identity header', 'x-auth-*')
    }
    if (first === X && REWRITING.test(foldedName(name))) {
      throw kept('a header that changes the method or the path', 'X-HTTP-Method-Override')
    }
  }
}

const kept = (reason: string, example: string) =>
  malformed(
    `${reason} that the proxy would forward`,
    `the request has ${reason} (such as ${example}) that only the proxy can remove`
  )
