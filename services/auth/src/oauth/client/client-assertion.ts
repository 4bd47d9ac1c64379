import { createLocalJWKSet, decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose'
import type { Client } from '../../clients/client.ts'
import { assertionAlgorithms, isUsable } from '../../clients/client-keys.ts'
import { invalidClient } from '../oauth-refusals.ts'

/** The requirements on a client's assertion (RFC 7523 §3). */
type AssertionExpectation = {
  /**
   * the issuer and the URL of the token endpoint: only this server, and no other that the client
   * also uses
   */
  readonly audiences: readonly string[]
  readonly nowSeconds: number
}

/** A valid assertion. Whether it was used before is not checked yet. */
type GoodAssertion = {
  readonly jti: string
  /** until when it can be used, in seconds since 1970 */
  readonly expiresAt: number
}

/**
 * how far ahead an assertion may expire; a short life limits theft, and how long it must be
 * remembered
 */
const LONGEST_LIFE_SECONDS = 300
/** how far clocks may differ */
const SKEW_SECONDS = 5
const LONGEST_JTI = 255
/**
 * RFC 7523 requires no `typ`. An access token or another JWT that the client signs is not an
 * assertion (RFC 8725 §3.11)
 */
const TYPES = ['jwt', 'client-authentication+jwt']

/** The client that an assertion names; null if it names none. */
export function assertedClientId(assertion: string): string | null {
  try {
    const subject: unknown = decodeJwt(assertion).sub
    return typeof subject === 'string' ? subject : null
  } catch {
    return null
  }
}

/** @throws OAuthRefusal invalid_client */
export async function checkAssertion(
  assertion: string,
  client: Client,
  expected: AssertionExpectation
): Promise<GoodAssertion> {
  const { payload, typ } = await verified(assertion, client, expected)
  const { aud, exp, jti } = payload
  if (!isAssertionType(typ)) throw invalidClient('the JWT is not an assertion')
  if ([aud].flat().length !== 1)
    throw invalidClient('the assertion does not have exactly one audience')
  if (typeof jti !== 'string' || jti === '' || jti.length > LONGEST_JTI) {
    throw invalidClient('the assertion has no jti')
  }
  const lastSecond = expected.nowSeconds + LONGEST_LIFE_SECONDS + SKEW_SECONDS
  if (exp === undefined || exp > lastSecond)
    throw invalidClient('the assertion is valid for too long (exp)')
  return { jti, expiresAt: Math.ceil(exp) + SKEW_SECONDS }
}

/** The client wrote the header, so it may contain anything. */
const isAssertionType = (typ: unknown): boolean =>
  typ === undefined || (typeof typ === 'string' && TYPES.includes(typ.toLowerCase()))

async function verified(
  assertion: string,
  client: Client,
  { audiences, nowSeconds }: AssertionExpectation
): Promise<{ payload: JWTPayload; typ: unknown }> {
  try {
    // Each key has one algorithm, and is found for no other (RFC 8725 §3.1).
    const keys = createLocalJWKSet({ keys: client.keys.filter(isUsable) })
    const { payload, protectedHeader } = await jwtVerify(assertion, keys, {
      algorithms: [...assertionAlgorithms],
      issuer: client.id,
      subject: client.id,
      audience: [...audiences],
      requiredClaims: ['exp', 'jti'],
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(nowSeconds * 1000)
    })
    if ((payload.iat ?? 0) > nowSeconds + SKEW_SECONDS)
      throw invalidClient('the assertion is not valid yet (iat)')
    return { payload, typ: protectedHeader.typ }
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error
    throw invalidClient(`the assertion is not valid: ${error.code}`, error)
  }
}
