import { EntryFault } from './line.ts'

/**
 * The members of an entry, by names in lower case without separators: `password_hash` is
 * `passwordhash`.
 */
export type Members = {
  /** the first of these members that exists, as text; undefined if it is empty */
  text(...names: readonly string[]): string | undefined
  /** a list, or a text with spaces or commas between the words */
  words(...names: readonly string[]): string[] | undefined
  /** an object, or a text that contains one as JSON */
  object(name: string): Readonly<Record<string, unknown>> | undefined
  /** every one of these members that exists: they may contradict each other */
  flags(...names: readonly string[]): boolean[]
  /** when something happens or has happened */
  time(...names: readonly string[]): Date | undefined
}

/** Above this, a number is in milliseconds, otherwise in seconds. */
const LEAST_MS = 100_000_000_000

/** what PostgreSQL writes as `infinity` */
const END_OF_TIME = new Date(8.64e15)

const FLAGS: Readonly<Record<string, boolean>> = {
  true: true,
  t: true,
  1: true,
  yes: true,
  false: false,
  f: false,
  0: false,
  no: false
}

export function membersOf(entry: Readonly<Record<string, unknown>>): Members {
  const byName = new Map(
    Object.entries(entry).map(([name, value]) => [
      name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ''),
      value
    ])
  )
  const first = (names: readonly string[]) => {
    for (const name of names) {
      const value = byName.get(name)
      if (value !== undefined && value !== null && value !== '') return { name, value }
    }
    return null
  }
  const text = (...names: readonly string[]): string | undefined => {
    const found = first(names)
    if (found === null) return undefined
    const { name, value } = found
    if (typeof value === 'object') {
      // MongoDB's export, which Auth0 uses
      const { $oid, $date } = value as { $oid?: unknown; $date?: unknown }
      const extended = $oid ?? $date
      if (typeof extended !== 'string') throw new EntryFault(`has a ${name} that is not text`)
      return extended
    }
    if (String(value).includes('\ufffd')) throw new EntryFault('is not UTF-8')
    return String(value)
  }
  return {
    text,
    words(...names) {
      const found = first(names)
      if (found === null) return undefined
      const list = Array.isArray(found.value) ? found.value : String(found.value).split(/[\s,]+/)
      return list.map(String).filter((word) => word !== '')
    },
    object(name) {
      const found = first([name])
      return found === null ? undefined : objectIn(found.value, name)
    },
    flags: (...names) =>
      names.flatMap((name) => {
        const given = text(name)?.toLowerCase()
        if (given === undefined) return []
        const flag = Object.hasOwn(FLAGS, given) ? FLAGS[given] : undefined
        if (flag === undefined)
          throw new EntryFault(`has a value in ${name} that is neither true nor false`)
        return [flag]
      }),
    time(...names) {
      const given = text(...names)
      if (given === undefined) return undefined
      if (given === 'infinity') return END_OF_TIME
      const number = Number(given)
      const date = new Date(
        Number.isNaN(number) ? given : number < LEAST_MS ? number * 1000 : number
      )
      if (Number.isNaN(date.getTime()))
        throw new EntryFault(`has a value in ${first(names)?.name} that is not a time`)
      return date
    }
  }
}

function objectIn(value: unknown, name: string): Readonly<Record<string, unknown>> {
  const given = typeof value === 'string' ? parsed(value) : value
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new EntryFault(`has a ${name} that is not a JSON object`)
  }
  return given as Record<string, unknown>
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
