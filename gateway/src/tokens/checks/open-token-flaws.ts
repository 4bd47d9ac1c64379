import type { Ports } from '../../ports.ts'
import { type OwnTokenFlawOptions, ownTokenFlaws } from './own-token-flaws.ts'

const OTHER_SETTINGS =
  'a token that our own auth service signed is refused: TOKEN_ISSUER and TOKEN_AUDIENCE must be the same at all auth services and gateways'

type FlawSettings = { readonly TOKEN_ISSUER: string; readonly TOKEN_AUDIENCE: string }

/** Logs each flaw of tokens that our own auth service signed and this gateway refuses. */
export function openTokenFlaws(
  { TOKEN_ISSUER, TOKEN_AUDIENCE }: FlawSettings,
  { log, monotonicClock }: Pick<Ports, 'log' | 'monotonicClock'>,
  { keys, checkSignature }: Pick<OwnTokenFlawOptions, 'keys' | 'checkSignature'>
): (token: string, flaw: string) => void {
  const wanted = { iss: TOKEN_ISSUER, aud: TOKEN_AUDIENCE }
  return ownTokenFlaws({
    keys,
    checkSignature,
    monotonicClock,
    onFlaw: (reason, claims) => log.warn({ reason, ...claims, wanted }, OTHER_SETTINGS)
  })
}
