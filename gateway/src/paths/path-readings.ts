/** More often than this, no path of an honest client is encoded. */
const MOST_DECODINGS = 3

/** How IIS writes characters beyond Latin-1, which it decodes as well. */
const UTF_16 = /%u[0-9A-Fa-f]{4}/

/**
 * A path decoded once, twice, and so on, until nothing is left to decode. A percent sign that is no encoding stays. Pure.
 * @returns null if an encoding is not UTF-8, or if the path is encoded more than three times
 */
export function decodings(path: string): readonly string[] | null {
  const found: string[] = []
  let text = path
  for (let times = 0; times <= MOST_DECODINGS; times += 1) {
    if (UTF_16.test(text)) return null
    if (!/%[0-9A-Fa-f]{2}/.test(text)) return found
    try {
      text = text.replace(/(?:%[0-9A-Fa-f]{2})+/g, decodeURIComponent)
    } catch {
      return null
    }
    found.push(text)
  }
  return null
}

/** What some servers take off a path, or make of it, before they look for what it names. */
const LOOSE = /[;%+A-Z]|\.(?:\/|$)/

/** What ends a path that was decoded: a space the target of a request line (RFC 9112 §3), a question mark or a hash sign the path. */
const END = /[\s?#]/

/**
 * A canonical path as the most lenient of servers might read it: decoded as often as it can be (a plus sign too, as in a form), without
 * parameters (Tomcat), without dots and spaces at the end of a name (Windows), without empty names, whatever the case, and with
 * look-alikes made one. A path with a decoded space, `?` or `#` has a second reading, which ends there. Two paths with a reading in
 * common may be one resource. Pure.
 */
export function looseReadings(path: string): readonly string[] {
  if (!LOOSE.test(path)) return [path]
  const unfolded = path.replaceAll('+', ' ')
  const decoded = decodings(unfolded) ?? []
  return (decoded.length === 0 ? [unfolded] : decoded).flatMap(readingsOf)
}

const DOT_ABOVE = '\u0307'

/**
 * The same for all spellings that some server takes for one whatever their case. The upper case of a dotless i (`\u0131`) is an I, and
 * Java's lower case of an I with a dot (`\u0130`) is an i, so equalsIgnoreCase takes both for an i.
 */
const withoutCase = (text: string): string =>
  text.toUpperCase().toLowerCase().replaceAll(`i${DOT_ABOVE}`, 'i')

function readingsOf(text: string): string[] {
  const folded = withoutCase(text.normalize('NFKC'))
  const end = folded.search(END)
  const whole = withLooseNames(folded)
  return end < 0 ? [whole] : [whole, withLooseNames(folded.slice(0, end))]
}

function withLooseNames(path: string): string {
  const names = path.split('/').map(nameOf)
  return `/${names.filter((name) => name !== '').join('/')}`
}

/** A segment without its parameters, and without dots and spaces at its end. */
function nameOf(segment: string): string {
  const [name = ''] = segment.split(';', 1)
  let end = name.length
  while (end > 0 && (name[end - 1] === '.' || name[end - 1] === ' ')) end -= 1
  return name.slice(0, end)
}
