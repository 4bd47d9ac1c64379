import { readFileSync } from 'node:fs'
import type { RedisConnection } from '@gatehouse/redis/connection'
import { masterScript, readingScript } from '@gatehouse/redis/master-script'

type Argument = string | number

export type FleetScripts = {
  /** Opens a question: its key, then the arguments of the script. */
  ask(key: string, ...more: readonly Argument[]): Promise<void>
  answer(key: string, ...more: readonly Argument[]): Promise<void>
  /**
   * The values of strings that expire: null if one is missing, empty if one is longer than
   * `longest` bytes. Then how long each of them lasts, in milliseconds.
   */
  announcements(keys: readonly string[], longest: number): Promise<[(string | null)[], number[]]>
  /** The values of fields: null if one is missing, or longer than `longest` bytes. */
  fields(key: string, fields: readonly string[], longest: number): Promise<(string | null)[]>
  /** The value of a field: null if it is missing, or longer than `longest` bytes. */
  field(key: string, field: string, longest: number): Promise<string | null>
  /**
   * The last `most` members of a sorted set, without those that are longer than `longest` bytes.
   */
  lastMembers(key: string, longest: number, most: number): Promise<string[]>
  /** The number of members of a set, and some of them, first those that are known. */
  someMembers(
    key: string,
    bounds: { readonly longest: number; readonly most: number },
    known: Iterable<string>
  ): Promise<[number, string[]]>
}

const folder = new URL('../lua/', import.meta.url)

/**
 * The scripts of lua/ as functions. Those that read return no text that is longer than a caller
 * expects: whoever can write to the store may have planted it, and every process would read it.
 */
export function fleetScripts(redis: RedisConnection): FleetScripts {
  const define = (name: string, toScript: (lua: string) => string) => {
    const command = `gatehouse-fleet-${name}`
    const lua = toScript(readFileSync(new URL(`${name}.lua`, folder), 'utf8'))
    redis.defineCommand(command, { lua })
    const send = Reflect.get(redis, command) as (args: readonly Argument[]) => Promise<unknown>
    return (keys: readonly string[], ...more: readonly Argument[]) =>
      send.call(redis, [keys.length, ...keys, ...more])
  }
  const [ask, answer] = [define('ask', masterScript), define('answer', masterScript)]
  const announcements = define('announcements', readingScript)
  const fields = define('short-fields', readingScript)
  const field = define('short-field', readingScript)
  const lastMembers = define('short-members', readingScript)
  const someMembers = define('some-members', readingScript)
  return {
    ask: async (key, ...more) => void (await ask([key], ...more)),
    answer: async (key, ...more) => void (await answer([key], ...more)),
    announcements: async (keys, longest) =>
      (await announcements(keys, longest)) as [(string | null)[], number[]],
    fields: async (key, names, longest) =>
      (await fields([key], longest, ...names)) as (string | null)[],
    field: async (key, name, longest) => (await field([key], longest, name)) as string | null,
    lastMembers: async (key, longest, most) =>
      (await lastMembers([key], longest, most)) as string[],
    someMembers: async (key, { longest, most }, known) =>
      (await someMembers([key], longest, most, ...known)) as [number, string[]]
  }
}
