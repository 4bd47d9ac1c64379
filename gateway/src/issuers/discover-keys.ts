import { download, KeySetFault } from '../keys/key-sets/download.ts'
import { isAuthenticUrl } from './authentic-url.ts'
import { type IssuerEntry, issuersOf } from './issuer-entry.ts'
import { discoveryOf } from './presets.ts'

/**
 * The address of an issuer's key set: as configured, or from its metadata. The metadata must name
 * the issuer that was asked (OpenID Connect Discovery §4.3, RFC 8414 §3.3); otherwise one issuer
 * could supply the keys of another. Metadata for all tenants contain the template, as it is in the
 * file.
 */
export function keySetUrl(entry: IssuerEntry, downloadMs?: number): () => Promise<string> {
  const { issuer, jwksUrl, discoveryUrl, insecureKeys } = entry
  if (jwksUrl !== undefined) return async () => jwksUrl
  const url = discoveryUrl ?? discoveryOf(issuer)
  const names = new Set<unknown>([issuer, ...issuersOf(entry).map((one) => one.issuer)])
  return async () => {
    const { text } = await download(url, downloadMs)
    const document = metadataOf(text)
    if (!names.has(document?.issuer)) throw new KeySetFault('the metadata names another issuer')
    const found = document?.jwks_uri
    if (typeof found !== 'string' || !isAuthenticUrl(found, insecureKeys)) {
      throw new KeySetFault('the metadata has no https address of a key set')
    }
    return found
  }
}

/** @throws KeySetFault without the text: nothing of a response is in the log */
function metadataOf(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text)
  } catch {
    throw new KeySetFault('the metadata is not JSON')
  }
}
