import { download } from '../keys/download.ts'
import { type IssuerEntry, issuersOf } from './issuer-entry.ts'
import { discoveryOf } from './presets.ts'
import { isPrivateUrl } from './private-url.ts'

/**
 * Where an issuer's key set is: as configured, or as it says itself. It must say of itself what it was asked for (OpenID
 * Connect Discovery §4.3, RFC 8414 §3.3): else one issuer could hand over another's keys. Metadata for all tenants say the
 * template, as it stands in the file.
 */
export function keySetUrl(entry: IssuerEntry, downloadMs?: number): () => Promise<string> {
  const { issuer, jwksUrl, discoveryUrl, insecureKeys } = entry
  if (jwksUrl !== undefined) return async () => jwksUrl
  const url = discoveryUrl ?? discoveryOf(issuer)
  const names = new Set<unknown>([issuer, ...issuersOf(entry).map((one) => one.issuer)])
  return async () => {
    const document = JSON.parse(await download(url, downloadMs)) as Record<string, unknown> | null
    if (!names.has(document?.issuer)) throw new Error('the metadata are of another issuer')
    const found = document?.jwks_uri
    if (typeof found !== 'string' || !isPrivateUrl(found, insecureKeys)) {
      throw new Error('the metadata name no key set at an address of https')
    }
    return found
  }
}
