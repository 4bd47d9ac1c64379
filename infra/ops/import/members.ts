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
  const byName = new Map(Object.entries(entry).map(([name, value]) => [plain(name), value]))
  const first = (names: readonly string[]) => firstOf(byName, names)
  const text = (...names: readonly string[]): string | undefined => {
    const found = first(names)
    return found === null ? undefined : textIn(found)
  }
  return {
    text,
    words(...names) {
      const found = first(names)
      return found === null ? undefined : wordsIn(found.value)
    },
    object(name) {
      const found = first([name])
      return found === null ? undefined : objectIn(found)
    },
    flags: (...names) =>
      names.flatMap((name) => {
        const given = text(name)
        return given === undefined ? [] : [flagIn(given, name)]
      }),
    time(...names) {
      const given = text(...names)
      return given === undefined ? undefined : timeIn(given, first(names)?.name)
    }
  }
}

const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')

type Member = { readonly name: string; readonly value: unknown }

/** The first of these members that is not empty. */
function firstOf(byName: ReadonlyMap<string, unknown>, names: readonly string[]): Member | null {
  for (const name of names) {
    const value = byName.get(name)
    if (value !== undefined && value !== null && value !== '') return { name, value }
  }
  return null
}

function textIn({ name, value }: Member): string {
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

function wordsIn(value: unknown): string[] {
  const list = Array.isArray(value) ? value : String(value).split(/[\s,]+/)
  return list.map(String).filter((word) => word !== '')
}

function flagIn(text: string, name: string): boolean {
  const given = text.toLowerCase()
  const flag = Object.hasOwn(FLAGS, given) ? FLAGS[given] : undefined
  if (flag === undefined) {
    throw new EntryFault(`has a value in ${name} that is neither true nor false`)
  }
  return flag
}

function timeIn(text: string, name: string | undefined): Date {
  if (text === 'infinity') return END_OF_TIME
  const number = Number(text)
  const date = new Date(Number.isNaN(number) ? text : number < LEAST_MS ? number * 1000 : number)
  if (Number.isNaN(date.getTime())) {
    throw new EntryFault(`has a value in ${name} that is not a time`)
  }
  return date
}

function objectIn({ name, value }: Member): Readonly<Record<string, unknown>> {
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
