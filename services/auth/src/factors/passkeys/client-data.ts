/**
 * The challenge in what a browser signs (WebAuthn §5.8.1); null: there is none, or the page was in
 * a frame of another origin, where users do not see who asks (§13.4.2). The signature, the type and
 * the origin are verified after that.
 * @param clientDataJSON base64url
 */
export function challengeIn(clientDataJSON: string): string | null {
  try {
    const data: unknown = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString())
    if (typeof data !== 'object' || data === null) return null
    if ('crossOrigin' in data && data.crossOrigin !== false) return null
    return 'challenge' in data && typeof data.challenge === 'string' ? data.challenge : null
  } catch {
    return null
  }
}
