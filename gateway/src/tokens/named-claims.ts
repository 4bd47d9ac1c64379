import { claimHeaders } from '@gatehouse/edge-headers/claim-headers'
import type { VerifiedToken } from './access-token-verifier.ts'
import { type ClaimPath, claimAt } from './claim-path.ts'
import type { KeptForTokens } from './kept-for-tokens.ts'
import { textBytes } from './text-bytes.ts'
import { type WrittenHeaders, written } from './written-identity.ts'

/** A claim that a service gets as `x-auth-claim-<name>`, and as `claims.<name>` of the assertion. */
export type NamedClaim = { readonly name: string; readonly path: ClaimPath }

/** The values of the claims that a route names, by these names. Absent claims are not in it. */
export type ClaimValues = Readonly<Record<string, unknown>>

export type NamedClaims = {
  /**
   * The headers of the claims that a route names.
   * @param names the same list until the route table is read again
   * @param authorization the header that contained the token
   */
  headersOf(
    token: VerifiedToken,
    names: readonly NamedClaim[],
    authorization: string
  ): WrittenHeaders
}

/**
 * Reads claims of verified tokens. A remembered token does not contain them, because most routes
 * name none. Only their headers are kept: the bytes of a string are known, those of a foreign
 * object are not.
 */
export function namedClaims(kept: KeptForTokens): NamedClaims {
  const values = kept.values<readonly NamedClaim[], WrittenHeaders>()
  return {
    headersOf(token, names, authorization) {
      const known = values.find(token, names)
      if (known !== undefined) return known
      const made = written(claimHeaders(claimValues(authorization, names)))
      const bytes = Object.values(made.headers).reduce((sum, text) => sum + textBytes(text), 0)
      values.keep(token, names, made, bytes)
      return made
    }
  }
}

/** @param authorization the header that contained a verified token */
export function claimValues(authorization: string, names: readonly NamedClaim[]): ClaimValues {
  const [, payload = ''] = authorization.split('.')
  const all: Record<string, unknown> = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const values = names.map(({ name, path }) => [name, claimAt(all, path)] as const)
  return Object.fromEntries(values.filter(([, value]) => value !== undefined))
}
