/** What a user agent calls itself, and what people call it; the first that fits, since most of them also name others. */
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

/** Its name behind its version, in two steps: in one expression each version would be looked behind to the end of the text. */
function isSafari(userAgent: string): boolean {
  const version = userAgent.search(/\bVersion\/\d/)
  return version >= 0 && /\bSafari\//.test(userAgent.slice(version))
}

const PRODUCT = /^([A-Za-z][A-Za-z0-9._-]{0,23})\//
const UNKNOWN = 'unknown device'

/**
 * What the list of sessions calls a device: `Firefox on Linux`, `curl`. At most 27 ASCII characters of our own words or of
 * one product name, so that nothing of a header is shown that somebody might have put there to be shown.
 */
export function deviceLabel(userAgent: string | undefined): string {
  const named = (names: typeof browsers) =>
    names.find(([pattern]) => pattern.test(userAgent ?? ''))?.[1]
  const browser = named(browsers)
  const system = named(systems)
  if (browser !== undefined) return system === undefined ? browser : `${browser} on ${system}`
  const product = PRODUCT.exec(userAgent ?? '')?.[1]
  return product === undefined || product === 'Mozilla' ? (system ?? UNKNOWN) : product
}
