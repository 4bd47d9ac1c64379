import { encodeValue } from './header-value.ts'
import { claimHeader } from './names.ts'

/**
 * The headers of the claims that a route names, `x-auth-claim-<name>`. A text, a number or a boolean is itself; a list of texts has
 * commas between them; everything else is JSON. All but visible ASCII is percent-encoded UTF-8, and in a list a comma as well.
 * @param values by name; there is no header for a claim that is not in it
 */
export function claimHeaders(values: Readonly<Record<string, unknown>>): Record<string, string> {
  const named = Object.entries(values).map(([name, value]) => [claimHeader(name), textOf(value)])
  return Object.fromEntries(named)
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return encodeValue(value)
  const isList = Array.isArray(value) && value.every((one) => typeof one === 'string')
  if (isList) return value.map((one) => encodeValue(one, ',')).join(',')
  return encodeValue(JSON.stringify(value) ?? '')
}
