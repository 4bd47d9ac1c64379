import { ACCESS_TOKEN_TYPE, algorithms } from './claims.ts'

/** The form of the tokens of our own auth service, whose every header member we know. Gateways and introspection demand the same. */
export const OWN_LONGEST_TOKEN = 8192
/** how deep header and claims may nest */
export const OWN_DEEPEST = 8
const LONGEST_KID = 128

/** What no header of our own tokens has; null where there is nothing. */
export function flawOfOwnHeader(header: Readonly<Record<string, unknown>>): string | null {
  const { alg, kid, typ, ...unknown } = header
  if (!algorithms.some((known) => known === alg)) return 'alg is not one of ours'
  if (typeof kid !== 'string' || kid === '' || kid.length > LONGEST_KID) {
    return 'kid is not a short text'
  }
  // Whatever else a header says is not ours (RFC 8725 §3.10, §3.11).
  if (Object.keys(unknown).length > 0) return 'the header has a member that no access token has'
  return typ === ACCESS_TOKEN_TYPE ? null : 'typ is not at+jwt'
}
