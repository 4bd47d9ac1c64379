import { isUtf8 } from 'node:buffer'
import { malformedRequest } from '../oauth-refusals.ts'

/**
 * The parameters of a request, by name. A parameter without a value counts as absent (RFC 6749
 * §3.2).
 */
export type FormParameters = ReadonlyMap<string, string>

const CONTROL = /\p{Cc}/u

/**
 * Reads a form (RFC 6749, appendix B). Each name may occur once, even without a value (§3.2): of
 * two values, this server and a proxy in front might each use a different one.
 * @throws OAuthRefusal invalid_request
 */
export function readForm(body: Buffer): FormParameters {
  const text = isUtf8(body) ? body.toString() : '%'
  const names = new Set<string>()
  const parameters = new Map<string, string>()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const at = pair.includes('=') ? pair.indexOf('=') : pair.length
    const name = formDecoded(pair.slice(0, at))
    const value = formDecoded(pair.slice(at + 1))
    if (name === null || value === null) throw malformedRequest('the form could not be read')
    if (names.has(name)) throw malformedRequest('a parameter is given twice')
    names.add(name)
    if (value !== '') parameters.set(name, value)
  }
  return parameters
}

/** A decoded name or value; null if its encoding is invalid or it contains a control character. */
export function formDecoded(text: string): string | null {
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', ' '))
    return CONTROL.test(decoded) ? null : decoded
  } catch {
    return null
  }
}
