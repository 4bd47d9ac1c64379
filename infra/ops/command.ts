import type { ParseArgsOptionsConfig } from 'node:util'
import type { Environment, OpsClient } from './ops-client.ts'
import type { Terminal } from './terminal.ts'

/** What was typed behind the name of a command. */
export type Typed = {
  readonly positionals: readonly string[]
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>
}

/** What a command has to say: one JSON document for scripts, and the same as text for people. */
export type Output = {
  readonly json: unknown
  readonly text: string
  /** 1 if a part of what was asked was refused; otherwise 0 */
  readonly exitCode?: 0 | 1
}

/** One command; a file in commands/ and a row in commands.ts. */
export type Command = {
  /** as it is typed, e.g. `users create` */
  readonly name: string
  /** what follows the name */
  readonly usage: string
  readonly summary: string
  readonly options?: ParseArgsOptionsConfig
  /** how many words follow the name, at least and at most */
  readonly words: readonly [number, number]
  /** what is to be confirmed first */
  readonly confirm?: (typed: Typed) => string
  run(typed: Typed, ops: OpsClient, terminal: Terminal, environment: Environment): Promise<Output>
}

/** What was typed cannot be a call of the command: exit code 2, and its usage. */
export class BadUsage extends Error {
  override readonly name = 'BadUsage'
}

/** The answer is no: exit code 1, and the reason. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: string

  constructor(code: string, detail: string) {
    super(detail)
    this.code = code
  }
}

/** An option that takes one text. */
export function textOption({ options }: Typed, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

/** An option that may be given several times, each with one word or several. */
export function wordsOption({ options }: Typed, name: string): string[] | undefined {
  const value = options[name]
  if (!Array.isArray(value)) return undefined
  return value.flatMap((text: string) => text.split(/[\s,]+/)).filter((word) => word !== '')
}
