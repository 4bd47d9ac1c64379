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

function readingsOf(text: string): string[] {
  const folded = text.normalize('NFKC').toLowerCase()
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
