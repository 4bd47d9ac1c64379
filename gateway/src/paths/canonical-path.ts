import { decodings } from './path-readings.ts'

/** A canonical request target. The path that is matched is exactly the path that is forwarded. */
export type CanonicalTarget = {
  readonly path: string
  /** with its `?`; empty if there is none */
  readonly query: string
}

/** The encoded delimiters that a route accepts in its paths. */
type AcceptedEncodings = {
  readonly encodedSlashes: 'refuse' | 'pass'
  readonly encodedDelimiters: 'refuse' | 'pass'
}

const strict: AcceptedEncodings = { encodedSlashes: 'refuse', encodedDelimiters: 'refuse' }
/** For a path whose route is not known yet; `hasOnly` judges it afterwards. */
export const lenient: AcceptedEncodings = { encodedSlashes: 'pass', encodedDelimiters: 'pass' }

/**
 * What may not be in a path: all but RFC 3986 §3.3 pchar and the slash, and `[`, `]` and `|`, which
 * browsers do not encode (URL Standard, path percent-encode set). A percent sign only before two
 * hex digits.
 */
const NOT_IN_PATH = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/[\]|%]|%(?![0-9A-Fa-f]{2})/
/**
 * RFC 3986 §3.4, and characters such as brackets that browsers do not encode; no space, no control
 * character, only ASCII
 */
const QUERY = /^\?[\x21\x22\x24-\x7e]*$/
/**
 * Encodings that are refused on every route: of a backslash, which would divide the path; of a
 * control character; and of a letter, a digit or one of `-._`, which would be a second spelling of
 * the same path (RFC 3986 §6.2.2.2). An encoded tilde is accepted, because older encoders write it
 * (in RFC 2396 it was not unreserved). Its two spellings are compared as loose readings.
 */
const HIDDEN = new RegExp(
  [
    '%(?:5[Cc]|[01][0-9A-Fa-f]|7[Ff])',
    '%(?:2[DdEe]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9Aa])'
  ].join('|')
)
/**
 * Encoded delimiters. A service may decode a path before it divides it, and nginx writes a decoded
 * `$uri` into the next request line. So a route accepts none of them unless it says that its
 * service does neither: no slash; none of `# ; ?`, which would end or divide the path; and no
 * percent sign, because a second decoding could then find what the first one did not.
 */
const SLASH = /%2[Ff]/
const DELIMITER = /%(?:2[35]|3[BbFf])/
/**
 * A dot segment, even with parameters after it: some servers read `..;/` as `../` (RFC 3986
 * §5.2.4). And a segment that begins or ends with two dots: some file systems drop dots at the end
 * of a name.
 */
const DOT_SEGMENT = /(?:^|\/)(?:\.(?:;[^/]*)?(?:\/|$)|\.\.)|\.\.(?:\/|$)/

/**
 * Reads a request target. Refuses a path that two programs could read as two different paths, and
 * does not repair it (Oathkeeper GHSA-p224-6x5r-fjpm). Pure.
 * @returns null if the path is not canonical
 */
export function canonicalTarget(target: string, accepted = strict): CanonicalTarget | null {
  const queryAt = target.indexOf('?')
  const path = queryAt < 0 ? target : target.slice(0, queryAt)
  const query = queryAt < 0 ? '' : target.slice(queryAt)
  const canonical =
    path.startsWith('/') &&
    !NOT_IN_PATH.test(path) &&
    !path.includes('//') &&
    !DOT_SEGMENT.test(path) &&
    (!path.includes('%') || isWellEncoded(path, accepted)) &&
    (query === '' || QUERY.test(query))
  return canonical ? { path, query } : null
}

const isWellEncoded = (path: string, accepted: AcceptedEncodings): boolean =>
  !HIDDEN.test(path) && hasOnly(path, accepted) && isPlain(path)

/** Whether a path has only those encoded delimiters that the route accepts. Pure. */
export const hasOnly = (path: string, accepted: AcceptedEncodings | null): boolean =>
  !path.includes('%') ||
  ((accepted?.encodedSlashes === 'pass' || !SLASH.test(path)) &&
    (accepted?.encodedDelimiters === 'pass' || !DELIMITER.test(path)))

/** A segment that consists only of dots, and of spaces, which some servers ignore. */
const ONLY_DOTS = /(?:^|\/) *\.[. ]*(?:\/|$)/

/**
 * More combining characters in sequence than any language uses (Unicode Standard Annex 15 §12.1,
 * Stream-Safe Text Format). Normalization sorts them, which takes quadratic time.
 */
const COMBINED = /\p{M}{31}/u

/**
 * Whether a path has no dot segment, control character or backslash, however often it is decoded,
 * and no look-alike of a delimiter or a dot segment (some file systems read `\u2025` as `..`).
 */
function isPlain(path: string): boolean {
  const decoded = decodings(path)
  return (
    decoded?.every(isPlainText) === true &&
    !(decoded.at(-1)?.includes(';') && dividesParameter(path))
  )
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a path must have none
const CONTROL = /[\\\0-\x1f\x7f]/

function isPlainText(text: string): boolean {
  if (CONTROL.test(text) || DOT_SEGMENT.test(text) || COMBINED.test(text)) return false
  const folded = text.normalize('NFKC')
  return !ONLY_DOTS.test(folded) && (folded === text || delimitersOf(folded) === delimitersOf(text))
}

const delimitersOf = (text: string): string => text.replace(/[^/\\%;?#]+/g, '')

/** Stands for a slash that is not encoded. Its own encoding is refused everywhere. */
const PLAIN_SLASH = '\n'

/**
 * Whether a segment has parameters that contain an encoded slash. Tomcat removes parameters before
 * it decodes a path; others do so after they have divided the decoded path. The two would find
 * different segments.
 */
function dividesParameter(path: string): boolean {
  if (!SLASH.test(path) && !path.includes('%25')) return false
  const decoded = decodings(path.replaceAll('/', PLAIN_SLASH))?.at(-1) ?? ''
  return decoded.split(PLAIN_SLASH).some((segment) => {
    const parametersAt = segment.indexOf(';')
    return parametersAt >= 0 && segment.includes('/', parametersAt)
  })
}
