import type { Finding } from '@gatehouse/process/findings'
import type { SigningKeys } from './signing-keys.ts'

/** The gateway cannot verify tokens of our own auth service without a trusted key set. */
export function keyCheck(keys: Pick<SigningKeys, 'loaded' | 'ageSeconds'>): () => Finding {
  return () => {
    const ageSeconds = keys.ageSeconds()
    return keys.loaded ? { ageSeconds } : { failing: 'no trusted key set is loaded', ageSeconds }
  }
}
