import { shareOf } from '@gatehouse/settings/workers'
import type { SightingReport } from '@gatehouse/sightings/report-sightings'
import type { Ports } from '../ports.ts'
import { type AccessTokenVerifier, accessTokenVerifier } from './access-token-verifier.ts'
import type { CheckSignature, TokenCheckOptions } from './checks/check-token.ts'
import type { TrustedIssuers } from './checks/trusted-issuers.ts'
import { type KeptForTokens, keptForTokens } from './memory/kept-for-tokens.ts'
import { type NamedClaims, namedClaims } from './named-claims.ts'
import { tokenMetrics } from './token-metrics.ts'

/** Verifies access tokens, and keeps what is derived from verified ones. */
export type Tokens = {
  readonly verifier: AccessTokenVerifier
  readonly kept: KeptForTokens
  readonly namedClaims: NamedClaims
}

type TokenSettings = {
  /** for the tokens of all workers together */
  readonly GATEWAY_TOKEN_CACHE_BYTES: number
  readonly workers: number
}

type Verifying = {
  readonly issuers: TrustedIssuers
  readonly checkSignature: CheckSignature
  /** gets each of our own tokens when it is verified for the first time */
  readonly sightings: Pick<SightingReport, 'note'>
  readonly noteFlaw?: TokenCheckOptions['noteFlaw']
}

export function openTokens(
  config: TokenSettings,
  { metrics, clock }: Pick<Ports, 'metrics' | 'clock'>,
  { issuers, checkSignature, sightings, noteFlaw = () => {} }: Verifying
): Tokens {
  const mostBytes = shareOf(config.GATEWAY_TOKEN_CACHE_BYTES, config.workers)
  const verifier = accessTokenVerifier({
    issuers,
    checkSignature,
    noteSighting: sightings.note,
    noteFlaw,
    clock,
    rememberedBytes: mostBytes
  })
  const kept = keptForTokens({ mostBytes, clock })
  tokenMetrics(metrics, verifier, kept)
  return { verifier, kept, namedClaims: namedClaims(kept) }
}
