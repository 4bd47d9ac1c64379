import type { Json } from '../document/components.ts'

/** Empty if the value is not an object. */
export const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}

/** Empty if the value is not a list. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

export const textsOf = (value: unknown): readonly string[] =>
  listOf(value).filter((one) => typeof one === 'string')

/** What a reference within the document means; every other value as it is. */
export function resolved(document: Json, value: unknown): Json {
  const { $ref } = objectOf(value)
  if (typeof $ref !== 'string') return objectOf(value)
  const found = $ref
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((inside, name) => objectOf(inside)[name], document)
  return resolved(document, found)
}
