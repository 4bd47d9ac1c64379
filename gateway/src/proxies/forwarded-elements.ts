import { isToken } from '@gatehouse/edge-headers/field-syntax'
import { withoutOuterWhitespace } from '@gatehouse/edge-headers/optional-whitespace'

/**
 * What one proxy reports about the request that it received, by parameter name in lower case (RFC
 * 7239 §4).
 */
export type ForwardedElement = ReadonlyMap<string, string>

/** `name=value`, or `name="value"` */
const PAIR = /^([^="]+)=(?:([^"]+)|"((?:[^"\\]|\\.)*)")$/

/**
 * The elements of `Forwarded`, in order; null if any part of the header does not follow the
 * grammar. Otherwise a client could leave a quote open that swallows what a proxy appends. Pure.
 */
export function forwardedElements(header: string): ForwardedElement[] | null {
  const elements: ForwardedElement[] = []
  for (const text of partsOf(header, ',') ?? ['=']) {
    if (text === '') continue
    const element = elementOf(text)
    if (element === null) return null
    elements.push(element)
  }
  return elements
}

function elementOf(text: string): ForwardedElement | null {
  const element = new Map<string, string>()
  for (const pair of partsOf(text, ';') ?? []) {
    if (pair === '') continue
    const [, name = '', plain, quoted] = PAIR.exec(pair) ?? []
    if (!isToken(name) || (plain !== undefined && !isPlain(plain))) return null
    // RFC 7239 §4: a parameter occurs at most once per element. Choosing one of two would be a
    // guess.
    if (element.has(name.toLowerCase())) return null
    element.set(name.toLowerCase(), plain ?? (quoted ?? '').replace(/\\(.)/g, '$1'))
  }
  return element
}

/** Many proxies write ports and brackets without quotes; that does not end a value. */
const isPlain = (value: string): boolean => isToken(value.replace(/[:[\]]/g, '.'))

/** The parts between separators outside quoted strings; null if a quoted string does not end. */
function partsOf(text: string, separator: ',' | ';'): string[] | null {
  const parts: string[] = []
  let from = 0
  let isQuoted = false
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (isQuoted && character === '\\') at += 1
    else if (character === '"') isQuoted = !isQuoted
    else if (character === separator && !isQuoted) {
      parts.push(text.slice(from, at))
      from = at + 1
    }
  }
  parts.push(text.slice(from))
  return isQuoted ? null : parts.map(withoutOuterWhitespace)
}
