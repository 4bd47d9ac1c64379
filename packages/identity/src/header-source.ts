import { identityHeader } from '@gatehouse/edge-headers/names'
import { unauthenticated } from './refusals.ts'

/** The headers of a request: those of the Fetch standard, or those of Node.js. */
export type HeaderSource =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * The assertion of a request; null if it has none. An empty one counts as none: some proxies
 * replace a header of the client with the empty one of an anonymous request.
 * @throws Refusal UNAUTHENTICATED if it has several, even under different spellings of the name
 */
export function readAssertion(headers: HeaderSource): string | null {
  const [first = null, ...others] = valuesOf(headers, identityHeader.assertion)
  if (others.length > 0) throw unauthenticated('several assertions')
  return first === '' ? null : first
}

/** The first value of a header; null if there is none. */
export const readHeader = (headers: HeaderSource, name: string): string | null =>
  valuesOf(headers, name)[0] ?? null

/** `Headers` joins several values with commas, and no JWT contains one. */
function valuesOf(headers: HeaderSource, name: string): string[] {
  if (isFetchHeaders(headers)) {
    const value = headers.get(name)
    return value === null ? [] : [value]
  }
  return Object.entries(headers)
    .filter(([one]) => one.length === name.length && one.toLowerCase() === name)
    .flatMap(([, value]) => value ?? [])
}

const isFetchHeaders = (
  headers: HeaderSource
): headers is Extract<HeaderSource, { get(name: string): string | null }> =>
  typeof headers.get === 'function'
