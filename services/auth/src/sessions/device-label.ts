/** What a user agent calls itself, and what people call it; the first that fits, since most of them also name others. */
const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/(?:Chrome|CriOS)\//, 'Chrome'],
  [/\bVersion\/[\d.]+ .*\bSafari\//, 'Safari']
]

const systems: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMacintosh\b/, 'macOS'],
  [/\bLinux\b/, 'Linux']
]

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
