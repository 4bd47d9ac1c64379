import { ACCESS_TOKEN_TYPE, algorithms } from './claims.ts'

/**
 * The form of our own auth service's tokens. Every member of their header is known. Gateways and
 * introspection require the same form.
 */
export const OWN_LONGEST_TOKEN = 8192
/** the maximum depth of objects and lists in header and claims */
export const OWN_DEEPEST = 8
const LONGEST_KID = 128

/** What is wrong with the header of an own token; null if it is valid. */
export function flawOfOwnHeader(header: Readonly<Record<string, unknown>>): string | null {
  const { alg, kid, typ, ...unknown } = header
  if (!algorithms.some((known) => known === alg)) return 'alg is not one of ours'
  if (typeof kid !== 'string' || kid === '' || kid.length > LONGEST_KID) {
    return 'kid is not a string, or is too long'
  }
  // Our own headers have no other members (RFC 8725 §3.10, §3.11).
  if (Object.keys(unknown).length > 0) return 'the header has a member that no access token has'
  return typ === ACCESS_TOKEN_TYPE ? null : 'typ is not at+jwt'
}
