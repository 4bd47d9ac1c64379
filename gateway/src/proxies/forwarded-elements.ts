import { withoutOuterWhitespace } from '@gatehouse/edge-headers/optional-whitespace'

/** What one proxy says of the request that it received, by the lower-case name of the parameter (RFC 7239 §4). */
export type ForwardedElement = ReadonlyMap<string, string>

/** `name=value`. Ports and brackets may stand without quotes, as many proxies write them: they end no value. */
const PAIR =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:([!#$%&'*+.^_`|~0-9A-Za-z:[\]-]+)|"((?:[^"\\]|\\.)*)")$/

/**
 * The elements of `Forwarded`, in their order; null if any part of the header does not follow the grammar. A client could
 * otherwise leave a quote open that swallows what a proxy adds. Pure.
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
    const [, name, token, quoted] = PAIR.exec(pair) ?? []
    // RFC 7239 §4: no parameter more than once. Which of two counts would be a guess.
    if (name === undefined || element.has(name.toLowerCase())) return null
    element.set(name.toLowerCase(), token ?? (quoted ?? '').replace(/\\(.)/g, '$1'))
  }
  return element
}

/** The parts between separators that are in no quoted text; null if a quoted text does not end. */
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
