import type { Environment } from '@gatehouse/settings/read-settings'

/** A text with its variables replaced. */
type Expanded = {
  readonly text: string
  /** the offset in the text as it is written */
  originalOffset(offset: number): number
  /** the variable whose value, not its default, is in a range of the text */
  variableIn(start: number, end: number): string | undefined
}

const VARIABLE = /\$\{([A-Z_][A-Z0-9_]*)(?::-([^{}]*))?\}/g

/**
 * Marks a variable that is not set and has no default, with characters that no file and no variable
 * contains.
 */
const UNSET = /\u{F0000}([A-Z0-9_]+)\u{F0001}/u

/**
 * Replaces `${NAME}` and `${NAME:-default}`. `unsetVariable` finds unset variables in the values
 * that use them. Pure.
 */
export function expandVariables(written: string, environment: Environment): Expanded {
  const places: { readonly at: number; readonly original: number }[] = []
  const values: { readonly name: string; readonly start: number; readonly end: number }[] = []
  let growth = 0
  const text = written.replace(
    VARIABLE,
    (match, name: string, fallback: string | undefined, at: number) => {
      const set = environment[name]?.trim()
      const value = set || (fallback ?? `\u{F0000}${name}\u{F0001}`)
      const start = at + growth
      if (set) values.push({ name, start, end: start + value.length })
      places.push({ at: at + growth, original: at })
      growth += value.length - match.length
      places.push({ at: at + match.length + growth, original: at + match.length })
      return value
    }
  )
  return {
    text,
    originalOffset(offset) {
      const place = places.findLast(({ at }) => at <= offset)
      const next = places.find(({ at }) => at > offset)
      if (place === undefined) return offset
      return Math.min(place.original + offset - place.at, next?.original ?? Number.MAX_SAFE_INTEGER)
    },
    variableIn: (start, end) =>
      values.find((value) => value.start <= end && start <= value.end)?.name
  }
}

/** The names of the variables of a text. Pure. */
export const variablesIn = (written: string): ReadonlySet<string> =>
  new Set([...written.matchAll(VARIABLE)].map(([, name = '']) => name))

/** The variables of a text that are set. Pure. */
export const setVariables = (
  written: string,
  environment: Environment
): { readonly name: string; readonly value: string }[] =>
  [...written.matchAll(VARIABLE)].flatMap(([, name = '']) => {
    const value = environment[name]?.trim()
    return value ? [{ name, value }] : []
  })

/** The variable that a value needs and that is not set, if there is one. Pure. */
export const unsetVariable = (value: string): string | undefined => UNSET.exec(value)?.[1]
