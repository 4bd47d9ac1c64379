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
 * Encodings that hide something: of slash, backslash and controls; of letters, digits and `-._~`, which are the same path
 * written twice (RFC 3986 §6.2.2.2); and of a percent sign before what would then be another encoding.
 */
const HIDDEN = new RegExp(
  [
    '%(?:2[Ff]|5[Cc]|[01][0-9A-Fa-f]|7[Ff])',
    '%(?:2[DdEe]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9AaEe])',
    '%25[0-9A-Fa-f]{2}'
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
const LOOSE = /[;%A-Z]|\.(?:\/|$)/

/**
 * A canonical path as the most lenient of servers might read it: decoded, without parameters (Tomcat), without dots and spaces
 * at the end of a name (Windows), whatever the case, and with look-alikes made one. Two paths with one such reading may be one
 * resource. Pure.
 */
export function looseReading(path: string): string {
  if (!LOOSE.test(path)) return path
  const segments = decodeURIComponent(path).normalize('NFKC').toLowerCase().split('/')
  const names = segments.map(nameOf)
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
