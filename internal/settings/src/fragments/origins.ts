import {
  canonicalOrigin,
  isLoopbackOrigin,
  wildcardOrigin
} from '@gatehouse/edge-headers/web-origin'
import { Type } from 'typebox'
import { words } from './words.ts'

/**
 * The other origins whose pages may use the API: the gateway answers them (CORS), and the auth
 * service accepts their cookies.
 */
export const originSettings = {
  ALLOWED_ORIGINS: Type.String({ default: '' })
}

type OriginSettings = { readonly ALLOWED_ORIGINS: string; readonly NODE_ENV: string }

/** The faults of a list of origins (RFC 6454 §6.2), by the position of each entry. */
export function originFaults({ ALLOWED_ORIGINS, NODE_ENV }: OriginSettings): string[] {
  return words(ALLOWED_ORIGINS).flatMap((entry, index) => {
    const fault = originFault(entry, NODE_ENV === 'production')
    return fault === null
      ? []
      : [`ALLOWED_ORIGINS must be a list of origins: entry ${index + 1} ${fault}`]
  })
}

/** No page has an origin with one of these schemes. */
const PAGELESS = /^(about|blob|data|file|ftp|javascript):/i

/**
 * What is wrong with an entry of a list of origins, as the text after its position; null: nothing.
 * Pure.
 */
export function originFault(entry: string, production: boolean): string | null {
  if (entry === '*')
    return 'would allow the pages of every site; * stands for one label, as in https://*.example.com'
  if (entry.toLowerCase() === 'null')
    return 'is what every sandboxed or local page sends, whatever its site'
  if (entry.includes('*') && wildcardOrigin(entry) === null) {
    return 'has a * that is not the whole first of three or more labels, as in https://*.example.com'
  }
  const example = entry.replace('*', 'any')
  if (PAGELESS.test(entry) || canonicalOrigin(example) === null) {
    return 'is not scheme://host or scheme://host:port with nothing after it, as in https://app.example.com'
  }
  if (/\.(:\d+)?$/.test(entry))
    return 'has a dot after its host, which makes it another origin in every browser'
  const plain = /^(http|ws):/i.test(entry)
  if (production && plain && !isLoopbackOrigin(example))
    return 'is plain HTTP, which production allows only for localhost'
  return null
}
