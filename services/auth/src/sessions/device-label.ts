/**
 * A pattern in the user agent, and the name that people use. The first match wins, because most
 * user agents also name others.
 */
type Sign = { test(userAgent: string): boolean }

const browsers: readonly (readonly [Sign, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/(?:Chrome|CriOS)\//, 'Chrome'],
  [{ test: isSafari }, 'Safari']
]

const systems: readonly (readonly [Sign, string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMacintosh\b/, 'macOS'],
  [/\bLinux\b/, 'Linux']
]

/**
 * Matches in two steps, because a single pattern would search the rest of the text for each
 * version.
 */
function isSafari(userAgent: string): boolean {
  const version = userAgent.search(/\bVersion\/\d/)
  return version >= 0 && /\bSafari\//.test(userAgent.slice(version))
}

const PRODUCT = /^([A-Za-z][A-Za-z0-9._-]{0,23})\//
const UNKNOWN = 'unknown device'

/**
 * The name of a device in the list of sessions: `Firefox on Linux`, `curl`. At most 27 ASCII
 * characters, from our own words or one product name, so that an attacker cannot put a message into
 * the list. It has no dots, because mail programs make links of host names.
 */
export function deviceLabel(userAgent: string | undefined): string {
  const named = (names: typeof browsers) =>
    names.find(([pattern]) => pattern.test(userAgent ?? ''))?.[1]
  const browser = named(browsers)
  const system = named(systems)
  if (browser !== undefined) return system === undefined ? browser : `${browser} on ${system}`
  const product = PRODUCT.exec(userAgent ?? '')?.[1]
  return product === undefined || product === 'Mozilla'
    ? (system ?? UNKNOWN)
    : product.replaceAll('.', '-')
}
