/** The maximum size of the identity headers of one request, including names. */
export const IDENTITY_BUDGET_BYTES = 4096

/** A colon, a space and the line's end (RFC 9112 §5). */
const LINE_BYTES = 4

export class IdentityTooLarge extends Error {
  override readonly name = 'IdentityTooLarge'
}

export function headerBytes(headers: Readonly<Record<string, string>>): number {
  let bytes = 0
  for (const name in headers) bytes += bytesOf(name, headers[name])
  return bytes
}

const bytesOf = (name: string, value = '') => name.length + value.length + LINE_BYTES

/**
 * Returns the same headers: an identity is never cut short.
 * @throws IdentityTooLarge over the budget; its message names the largest header, but no value
 */
export function withinBudget<Headers extends Readonly<Record<string, string>>>(
  headers: Headers
): Headers {
  const bytes = headerBytes(headers)
  if (bytes <= IDENTITY_BUDGET_BYTES) return headers
  const sizes = Object.entries(headers).map(
    ([name, value]) => [name, bytesOf(name, value)] as const
  )
  const [largest = ['', 0]] = sizes.sort(([, a], [, b]) => b - a)
  throw new IdentityTooLarge(
    `identity headers of ${bytes} bytes, ${IDENTITY_BUDGET_BYTES} allowed; ${largest[0]} has ${largest[1]}`
  )
}
