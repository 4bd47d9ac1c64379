import { download } from '../keys/download.ts'
import { type IssuerRow, isPrivateUrl } from './issuer-file.ts'

/**
 * Where an issuer's key set is: as configured, or as it says itself. It must say of itself what it was asked for (OpenID
 * Connect Discovery §4.3, RFC 8414 §3.3): else one issuer could hand over another's keys.
 */
export function keySetUrl({ issuer, jwksUrl, discoveryUrl }: IssuerRow): () => Promise<string> {
  if (jwksUrl !== undefined) return async () => jwksUrl
  const url = discoveryUrl ?? `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  return async () => {
    const document = JSON.parse(await download(url)) as Record<string, unknown> | null
    if (document?.issuer !== issuer) throw new Error('the metadata are of another issuer')
    const { jwks_uri: found } = document
    if (typeof found !== 'string' || !isPrivateUrl(found)) {
      throw new Error('the metadata name no key set at an address of https')
    }
    return found
  }
}
