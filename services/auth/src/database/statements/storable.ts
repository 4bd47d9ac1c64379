import { unstorable } from '../../refusals.ts'

/**
 * Passes on the parameters of a statement if a database can store them. PostgreSQL accepts no NUL
 * in a text, no database accepts half of a surrogate pair, and a number beyond 2^53 is not exact.
 * Routes refuse such values with a better message. If a route overlooks one, it is still an error
 * of the client, with either database.
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
