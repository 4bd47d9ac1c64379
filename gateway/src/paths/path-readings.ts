/** No honest client encodes a path more often than this. */
const MOST_DECODINGS = 3

/** The form in which IIS writes characters beyond Latin-1, and which it also decodes. */
const UTF_16 = /%u[0-9A-Fa-f]{4}/
const ENCODING = /%[0-9A-Fa-f]{2}/
const BARE_PERCENT = /%(?![0-9A-Fa-f]{2})/g

/**
 * A path decoded once, twice, and so on, until nothing is left to decode. A percent sign that
 * begins no encoding stays. Pure. Each decoding is one native call: a callback per encoding would
 * cost milliseconds for a path that HPACK repeats with a few bytes.
 * @returns null if an encoding is not UTF-8, or if the path is encoded more than three times
 */
export function decodings(path: string): readonly string[] | null {
  const found: string[] = []
  let text = path
  for (let times = 0; times <= MOST_DECODINGS; times += 1) {
    if (UTF_16.test(text)) return null
    if (!ENCODING.test(text)) return found
    try {
      text = decodeURIComponent(text.replace(BARE_PERCENT, '%25'))
    } catch {
      return null
    }
    found.push(text)
  }
  return null
}

/** What some servers remove from a path, or change in it, before they look up the resource. */
const LOOSE = /[;%+A-Z]|\.(?:\/|$)/

/**
 * What ends a decoded path: a space ends the target of a request line (RFC 9112 §3), and a question
 * mark or a hash sign ends the path.
 */
const END = /[\s?#]/

/**
 * A canonical path as the most lenient server might read it: decoded as often as possible (a plus
 * sign too, as in a form), without parameters (Tomcat), without dots and spaces at the end of a
 * segment (Windows), without empty segments, in any letter case, and with look-alikes replaced. A
 * path with a decoded space, `?` or `#` has a second reading, which ends there. Two paths that
 * share a reading may be one resource. Pure.
 */
export function looseReadings(path: string): readonly string[] {
  if (!LOOSE.test(path)) return [path]
  const unfolded = path.replaceAll('+', ' ')
  const decoded = decodings(unfolded) ?? []
  return (decoded.length === 0 ? [unfolded] : decoded).flatMap(readingsOf)
}

const DOT_ABOVE = '\u0307'

/**
 * Makes spellings equal that some server considers equal in any letter case. The upper case of a
 * dotless i (`\u0131`) is an I, and Java's lower case of an I with a dot (`\u0130`) is an i, so
 * equalsIgnoreCase takes both for an i.
 */
const withoutCase = (text: string): string =>
  text.toUpperCase().toLowerCase().replaceAll(`i${DOT_ABOVE}`, 'i')

function readingsOf(text: string): string[] {
  const folded = withoutCase(text.normalize('NFKC'))
  const end = folded.search(END)
  const whole = withLooseNames(folded)
  return end < 0 ? [whole] : [whole, withLooseNames(folded.slice(0, end))]
}

/**
 * Each segment without its parameters and without trailing dots and spaces, and no empty segment.
 */
function withLooseNames(path: string): string {
  const text = path.includes(';') ? path.replace(/;[^/]*/g, '') : path
  let reading = ''
  for (let start = 0; start <= text.length; ) {
    const slash = text.indexOf('/', start)
    const next = slash < 0 ? text.length : slash
    let end = next
    while (end > start && (text[end - 1] === '.' || text[end - 1] === ' ')) end -= 1
    if (end > start) reading += `/${text.slice(start, end)}`
    start = next + 1
  }
  return reading === '' ? '/' : reading
}
