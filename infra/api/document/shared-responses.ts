import type { Json } from './components.ts'

type PathItems = Readonly<Record<string, Json>>

/**
 * Responses that several operations have become components, to which the operations refer.
 * @returns the paths, and the components by name
 */
export function shareResponses(paths: PathItems): { paths: PathItems; responses: Json } {
  const counts = new Map<string, number>()
  eachResponse(paths, (_status, text) => {
    counts.set(text, (counts.get(text) ?? 0) + 1)
    return null
  })
  const names = new Map<string, string>()
  const responses: Record<string, unknown> = {}
  const shared = eachResponse(paths, (status, text, response) => {
    if ((counts.get(text) ?? 0) < 2 || Number(status) < 400) return null
    const name = names.get(text) ?? freeName(nameOf(status, response), responses)
    names.set(text, name)
    responses[name] = response
    return { $ref: `#/components/responses/${name}` }
  })
  return { paths: shared, responses }
}

/** Replaces each response of each operation, or keeps it. */
function eachResponse(
  paths: PathItems,
  replace: (status: string, text: string, response: Json) => Json | null
): PathItems {
  const ofOperation = (operation: unknown): unknown => {
    const { responses, ...others } = operation as { responses?: Readonly<Record<string, Json>> }
    if (responses === undefined) return operation
    const replaced = Object.entries(responses).map(([status, response]) => [
      status,
      replace(status, JSON.stringify([status, response]), response) ?? response
    ])
    return { ...others, responses: Object.fromEntries(replaced) }
  }
  const ofPath = (item: Json): Json =>
    Object.fromEntries(Object.entries(item).map(([method, one]) => [method, ofOperation(one)]))
  return Object.fromEntries(Object.entries(paths).map(([path, item]) => [path, ofPath(item)]))
}

/** INVALID_REQUEST with 413 is InvalidRequest413; with several codes, the first one counts. */
function nameOf(status: string, { description }: Json): string {
  const [, code = ''] = /^`(\w+)`/.exec(String(description)) ?? []
  const words = code.toLowerCase().split('_')
  return words.map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`).join('') + status
}

function freeName(name: string, taken: object): string {
  for (let number = 1; ; number += 1) {
    const one = number === 1 ? name : `${name}v${number}`
    if (!(one in taken)) return one
  }
}
