import { parseArgs } from 'node:util'
import { nearestName } from '@gatehouse/settings/nearest-name'
import { unknownName } from '@gatehouse/settings/schema-faults'
import { type Environment, opsClient } from './client/ops-client.ts'
import type { Command, MonotonicClock, Typed } from './command.ts'
import { commands } from './commands.ts'
import { BadUsage, Refused } from './failures.ts'
import type { StandardStreams } from './terminal/standard-streams.ts'
import { type Terminal, terminal } from './terminal/terminal.ts'
import { shownJson, shownLines } from './terminal/terminal-text.ts'

const common = {
  json: { type: 'boolean' },
  yes: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' }
} as const

/** Runs a command line. Returns the exit code: 0 done, 1 refused, 2 bad usage. */
export async function runCommand(
  words: string[],
  environment: Environment,
  streams: StandardStreams,
  monotonicClock: MonotonicClock = () => performance.now()
): Promise<number> {
  const asJson = words.includes('--json')
  const command = findCommand(words)
  try {
    if (command === undefined) return overview(words, streams)
    const typed = readWords(command, words)
    if (typed.options.help === true) {
      streams.stdout.write(usageOf(command))
      return 0
    }
    const person = terminal(streams)
    await confirm(command, typed, person)
    const ports = {
      ops: opsClient(environment),
      terminal: person,
      environment,
      monotonicClock
    }
    const { json, text, exitCode = 0 } = await command.run(typed, ports)
    streams.stdout.write(asJson ? `${shownJson(json)}\n` : `${shownLines(text)}\n`)
    return exitCode
  } catch (error) {
    return explain(error, command, asJson, streams)
  }
}

function findCommand(words: readonly string[]): Command | undefined {
  const bare = words.filter((word) => !word.startsWith('-'))
  const starts = (name: string) => name.split(' ').every((part, index) => bare[index] === part)
  return commands.find(({ name }) => starts(name))
}

/**
 * The id of a session or a key may begin with one or two hyphens, and be as long as the name of an
 * option.
 */
const HYPHENATED_ID = /^-([A-Za-z0-9_-]{21}|[A-Za-z0-9_-]{42})$/

function readWords(command: Command, words: string[]): Typed {
  try {
    const options = { ...common, ...command.options }
    const isId = (word: string) =>
      HYPHENATED_ID.test(word) && !Object.hasOwn(options, word.replace(/^--/, ''))
    const ids = words.filter(isId)
    const args = [...words.filter((word) => !isId(word)), '--', ...ids]
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true })
    const rest = positionals.slice(command.name.split(' ').length)
    const fault = wordFault(rest, command)
    if (fault !== null && values.help !== true) throw new BadUsage(fault)
    return { positionals: rest, options: values as Typed['options'] }
  } catch (error) {
    throw error instanceof BadUsage ? error : new BadUsage(optionFault(error, command, words))
  }
}

function wordFault(words: readonly string[], { usage, words: [least, most] }: Command) {
  // The usage begins with the required arguments.
  if (words.length < least) return `${usage.split(' ')[words.length]} is missing.`
  return words.length > most ? `"${words[most]}" is one argument too many.` : null
}

/**
 * What is wrong with the options: the message of `parseArgs`, or the nearest name of an unknown
 * option.
 */
function optionFault(error: unknown, { name, options = {} }: Command, words: string[]): string {
  const { code, message } = error as { code?: string; message: string }
  if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') {
    const [option] = /--[\w-]+/.exec(message) ?? []
    return `${option ?? 'An option'} has no value, or a value that it does not take.`
  }
  if (code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return message
  const known = Object.keys({ ...common, ...options })
  const [typed = ''] = /--?[^'\s=]+/.exec(message) ?? words.filter((word) => word.startsWith('-'))
  return `${typed} ${unknownName(typed.replace(/^-+/, ''), known, `an option of ${name}`, '--')}.`
}

async function confirm(command: Command, typed: Typed, person: Terminal): Promise<void> {
  if (command.confirm === undefined || typed.options.yes === true) return
  const question = command.confirm(typed)
  if (!person.isInteractive) {
    throw new Refused('NOT_CONFIRMED', `${question} Without a terminal, confirm with --yes.`)
  }
  if (!(await person.ask(question))) throw new Refused('NOT_CONFIRMED', 'Nothing was done.')
}

function explain(
  error: unknown,
  command: Command | undefined,
  asJson: boolean,
  { stdout, stderr }: StandardStreams
): number {
  if (error instanceof BadUsage) {
    if (asJson) stdout.write(errorDocument('BAD_USAGE', error.message))
    stderr.write(`${shownLines(error.message)}\n\n${command === undefined ? '' : usageOf(command)}`)
    return 2
  }
  if (!(error instanceof Refused)) throw error
  if (asJson) stdout.write(errorDocument(error.code, error.message))
  else stderr.write(`${shownLines(error.message)}\n`)
  return 1
}

const errorDocument = (code: string, detail: string): string =>
  `${shownJson({ error: { code, detail } })}\n`

function usageOf({ name, usage, summary }: Command): string {
  return `npm run -s ops -- ${name} ${usage} [--json] [--yes]\n\n${summary}\n`
}

const names = commands.map(({ name }) => name)
const groups = [...new Set(names.map((name) => name.split(' ')[0] ?? ''))]

/** The list of commands, if it is requested or the command is unknown. */
function overview(words: readonly string[], { stdout, stderr }: StandardStreams): number {
  const group = words.find((word) => !word.startsWith('-'))
  const known = commands.filter(({ name }) => name.split(' ')[0] === group)
  const typed = words.filter((word) => !word.startsWith('-')).join(' ')
  const nearest = nearestName(typed, names) ?? nearestName(group ?? '', groups)
  const near = commands.filter(({ name }) => name === nearest || name.startsWith(`${nearest} `))
  const shown = [known, near, commands].find((some) => some.length > 0) ?? []
  const lines = shown.map(({ name, usage, summary }) => `  ${name} ${usage}\n      ${summary}`)
  const text = `npm run -s ops -- <command> [--json] [--yes]\n\n${lines.join('\n')}\n`
  const asked =
    words.length === 0 || typed === 'help' || words.includes('--help') || words.includes('-h')
  if (asked) {
    stdout.write(text)
    return 0
  }
  const hint = nearest === undefined || typed === group ? '' : ` (nearest: ${nearest})`
  const fault = typed === '' ? 'A command is missing.' : `There is no command "${typed}"${hint}.`
  if (words.includes('--json')) stdout.write(errorDocument('BAD_USAGE', fault))
  stderr.write(`${shownLines(fault)}\n\n${text}`)
  return 2
}
