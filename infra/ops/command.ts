import type { ParseArgsOptionsConfig } from 'node:util'
import type { Environment, OpsClient } from './client/ops-client.ts'
import type { Terminal } from './terminal/terminal.ts'

/** The arguments and options after the name of a command. */
export type Typed = {
  readonly positionals: readonly string[]
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>
}

/** The output of a command: one JSON document for scripts, and the same as text for people. */
type Output = {
  readonly json: unknown
  readonly text: string
  /** 1 if a part of the request was refused; otherwise 0 */
  readonly exitCode?: 0 | 1
}

/** A command: a file in the folder of its first word in commands/, and an entry in commands.ts. */
export type Command = {
  /** as it is typed, e.g. `users create` */
  readonly name: string
  /** the arguments after the name */
  readonly usage: string
  readonly summary: string
  readonly options?: ParseArgsOptionsConfig
  /** the minimum and maximum number of arguments */
  readonly words: readonly [number, number]
  /** the question to confirm first */
  readonly confirm?: (typed: Typed) => string
  run(typed: Typed, ports: CommandPorts): Promise<Output>
}

/** What a command uses. */
type CommandPorts = {
  readonly ops: OpsClient
  readonly terminal: Terminal
  readonly environment: Environment
  /** by which drills measure */
  readonly monotonicClock: MonotonicClock
}

/** In milliseconds, from any beginning. */
export type MonotonicClock = () => number

/** An option with one value. */
export function textOption({ options }: Typed, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

/** An option that may be given several times, each with one or several words. */
export function listOption({ options }: Typed, name: string): string[] | undefined {
  const value = options[name]
  if (!Array.isArray(value)) return undefined
  return value.flatMap((text: string) => text.split(/[\s,]+/)).filter((word) => word !== '')
}
