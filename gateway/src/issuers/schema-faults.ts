import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'

/** A fault of a document: where it is, as a JSON Pointer (RFC 6901), and what to do about it. */
export type SchemaFault = { readonly pointer: string; readonly text: string }

/** What in a document does not fit its schema, in words for the person who wrote it, each once. */
export function schemaFaults(schema: TSchema, document: unknown): SchemaFault[] {
  const faults = new Map<string, SchemaFault>()
  for (const { keyword, instancePath: pointer, message, params } of Value.Errors(
    schema,
    document
  )) {
    const text = textOf(keyword, message, params as Params)
    if (text !== null) faults.set(`${pointer} ${text}`, { pointer, text })
  }
  return [...faults.values()]
}

type Params = { readonly allowedValues?: readonly unknown[] }

/** null for what only repeats another fault of the same place */
function textOf(keyword: string, message: string, { allowedValues = [] }: Params): string | null {
  if (keyword === 'additionalProperties' || keyword === 'anyOf') return null
  if (keyword === 'boolean') return 'is not known'
  return keyword === 'enum' ? `must be one of ${allowedValues.join(', ')}` : message
}
