const DEEPEST = 64
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** An object, and the depth of its text: 1 for an object without nested ones. */
export type StrictJson = { readonly members: Record<string, unknown>; readonly depth: number }

/**
 * Reads a JSON object strictly: valid UTF-8, no byte order mark, no duplicate member (RFC 7519 §4:
 * parsers differ in which one counts), at most 64 levels. Pure.
 * @returns null if it is anything else
 */
export function strictJsonObject(bytes: Buffer): StrictJson | null {
  let written: Shape
  let value: unknown
  try {
    const text = utf8.decode(bytes)
    written = shape(text)
    if (written.depth > DEEPEST) return null
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  // Each member has one colon outside of strings. If a member occurs twice, the parsed object has
  // fewer members than the text.
  if (written.members !== countMembers(value)) return null
  return { members: value as Record<string, unknown>, depth: written.depth }
}

type Shape = { depth: number; members: number }

/** The depth of a JSON text and the number of its members, without parsing it. */
function shape(text: string): Shape {
  let depth = 0
  let deepest = 0
  let members = 0
  let inString = false
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index]
    if (inString) {
      if (character === '\\') index += 1
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === ':') members += 1
    else if (character === '{' || character === '[') {
      depth += 1
      if (depth > deepest) deepest = depth
    } else if (character === '}' || character === ']') depth -= 1
  }
  return { depth: deepest, members }
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const children = Object.values(value)
  const own = Array.isArray(value) ? 0 : children.length
  return children.reduce<number>((count, child) => count + countMembers(child), own)
}
