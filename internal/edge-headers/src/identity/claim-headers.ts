import { encodeValue } from './header-value.ts'

/**
 * The headers of claims. A string, a number or a boolean is written as it is, a list of strings
 * with commas in between, and everything else as JSON. All characters except visible ASCII are
 * percent-encoded UTF-8, and in a list also commas.
 * @param values by header; a claim that is not in it gets no header
 */
export function claimHeaders(values: Readonly<Record<string, unknown>>): Record<string, string> {
  const named = Object.entries(values).map(([header, value]) => [header, textOf(value)])
  return Object.fromEntries(named)
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return encodeValue(value)
  const isList = Array.isArray(value) && value.every((one) => typeof one === 'string')
  if (isList) return value.map((one) => encodeValue(one, ',')).join(',')
  return encodeValue(JSON.stringify(value) ?? '')
}
