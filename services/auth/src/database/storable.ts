import { unstorable } from '../refusals.ts'

/**
 * Passes a statement's parameters on where a database can hold them: PostgreSQL takes no NUL in a text, neither takes half of
 * a surrogate pair, and a number beyond 2^53 is not the one that was meant. Routes refuse these in better words; what one of
 * them overlooks is still the client's fault and not ours, by either database alike.
 * @throws Refusal INVALID_REQUEST
 */
export function storable<Parameters extends readonly unknown[]>(
  parameters: Parameters
): Parameters {
  if (!parameters.every(isStorable)) throw unstorable()
  return parameters
}

function isStorable(parameter: unknown): boolean {
  if (typeof parameter === 'string') return isStorableText(parameter)
  return typeof parameter !== 'number' || Math.abs(parameter) <= Number.MAX_SAFE_INTEGER
}

export const isStorableText = (text: string): boolean => text.isWellFormed() && !text.includes('\0')
