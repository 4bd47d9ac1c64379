const DEEPEST = 8
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads a JSON object as an issuer of tokens would have written it: valid UTF-8, no byte order mark, no member twice
 * (RFC 7519 §4: parsers differ in which one counts), shallow. Pure.
 * @returns null where it is anything else
 */
export function strictJsonObject(bytes: Buffer): Record<string, unknown> | null {
  let text: string
  let value: unknown
  try {
    text = utf8.decode(bytes)
    if (shape(text).depth > DEEPEST) return null
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  // Each member has one colon outside of strings; a member that was given twice has left only one of its two behind.
  return shape(text).members === countMembers(value) ? (value as Record<string, unknown>) : null
}

/** How deep a JSON text nests and how many members it writes, told without parsing it. */
function shape(text: string): { depth: number; members: number } {
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
