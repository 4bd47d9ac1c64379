/**
 * Percent-encodes everything except visible ASCII, and also `%` and the list's separator, so that
 * decoding returns the original value.
 */
export function encodeValue(value: string, separator = ' '): string {
  return value
    .toWellFormed()
    .replace(/[^\x21-\x7e]|%/gu, encodeURIComponent)
    .replaceAll(separator, encodeURIComponent(separator))
}

export function decodeValue(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
