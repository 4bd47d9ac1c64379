/** Where a request goes: the path that is matched is the very one that is forwarded. */
export type CanonicalTarget = {
  readonly path: string
  /** with its `?`; empty where there is none */
  readonly query: string
}

/** RFC 3986 §3.3 pchar and the slash; a percent sign only before two hex digits */
const PATH = /^\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/
/** RFC 3986 §3.4, and the brackets and such that browsers leave as they are; no space, no control, nothing over ASCII */
const QUERY = /^\?[\x21\x22\x24-\x7e]*$/
/**
 * Encodings that are refused. A service may decode a path before it splits it, and nginx writes a decoded `$uri` into the
 * next request line. So no encoding may stand for a delimiter (`# / ; ? \`), which would end or divide the path; for a
 * percent sign, which would let a second decoding find what the first did not; for a control character; or for a letter, a
 * digit or one of `-._~`, which would be a second spelling of the same path (RFC 3986 §6.2.2.2).
 */
const HIDDEN = new RegExp(
  [
    '%(?:2[35Ff]|3[BbFf]|5[Cc]|[01][0-9A-Fa-f]|7[Ff])',
    '%(?:2[DdEe]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9AaEe])'
  ].join('|')
)
/**
 * A dot segment, also with parameters behind it: `..;/` is `../` to some servers (RFC 3986 §5.2.4). And one that begins or
 * ends with two dots: some file systems drop dots at the end of a name.
 */
const DOT_SEGMENT = /(?:^|\/)(?:\.(?:;[^/]*)?(?:\/|$)|\.\.)|\.\.(?:\/|$)/

/**
 * Reads a request target. Refuses what two programs could read as two different paths, instead of repairing it
 * (Oathkeeper GHSA-p224-6x5r-fjpm). Pure.
 * @returns null where the path is not canonical
 */
export function canonicalTarget(target: string): CanonicalTarget | null {
  const queryAt = target.indexOf('?')
  const path = queryAt < 0 ? target : target.slice(0, queryAt)
  const query = queryAt < 0 ? '' : target.slice(queryAt)
  const canonical =
    PATH.test(path) &&
    !path.includes('//') &&
    !HIDDEN.test(path) &&
    !DOT_SEGMENT.test(path) &&
    isPlain(path) &&
    (query === '' || QUERY.test(query))
  return canonical ? { path, query } : null
}

/** What some servers take off a path, or make of it, before they look for what it names. */
const LOOSE = /[;%+A-Z]|\.(?:\/|$)/

/**
 * A canonical path as the most lenient of servers might read it: decoded (a plus sign too, as in a form), without parameters
 * (Tomcat), without dots and spaces at the end of a name (Windows), whatever the case, and with look-alikes made one. A path
 * with a space has a second reading, which ends there: a decoded space ends the target of a request line (RFC 9112 §3). Two
 * paths with a reading in common may be one resource. Pure.
 */
export function looseReadings(path: string): readonly string[] {
  if (!LOOSE.test(path)) return [path]
  const decoded = decodeURIComponent(path.replaceAll('+', ' ')).normalize('NFKC').toLowerCase()
  const whole = withLooseNames(decoded)
  const end = decoded.search(/\s/)
  return end < 0 ? [whole] : [whole, withLooseNames(decoded.slice(0, end))]
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

/** A name of nothing but dots, and spaces that are overlooked. */
const isDots = (segment: string): boolean => /^[. ]+$/.test(segment) && segment.includes('.')

/** Whether what is encoded is UTF-8, and no look-alike of a delimiter or a dot segment (`\u2025` is `..` to some file systems). */
function isPlain(path: string): boolean {
  if (!path.includes('%')) return true
  try {
    const decoded = decodeURIComponent(path)
    const folded = decoded.normalize('NFKC')
    return !folded.split('/').some(isDots) && delimitersOf(folded) === delimitersOf(decoded)
  } catch {
    return false
  }
}

const delimitersOf = (text: string): string => text.replace(/[^/\\%;?#]/g, '')
