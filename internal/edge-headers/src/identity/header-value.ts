/**
 * Percent-encodes everything except visible ASCII, and also `%` and the list's separator, so that
 * decoding returns the original value.
 */
export function encodeValue(value: string, separator = ' '): string {
  const encoded = value
    .toWellFormed()
    .replace(/[^\x21-\x7e]|%/gu, encodeURIComponent)
    .replaceAll(separator, encodeURIComponent(separator))
  // V8 stores it with two bytes per character if the value needs them, although it has ASCII only.
  return encoded === value ? value : Buffer.from(encoded, 'latin1').toString('latin1')
}

export function decodeValue(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
