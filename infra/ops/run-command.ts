import { parseArgs } from 'node:util'
import { BadUsage, type Command, type Output, Refused, type Typed } from './command.ts'
import { commands } from './commands.ts'
import { type Environment, opsClient } from './ops-client.ts'
import { type Terminal, terminal } from './terminal.ts'

const common = {
  json: { type: 'boolean' },
  yes: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' }
} as const

/** Runs what was typed; the exit code: 0 done, 1 refused, 2 bad usage. */
export async function runCommand(words: string[], environment: Environment): Promise<number> {
  const asJson = words.includes('--json')
  const command = findCommand(words)
  try {
    if (command === undefined) return overview(words)
    const typed = readWords(command, words)
    if (typed.options.help === true) {
      process.stdout.write(usageOf(command))
      return 0
    }
    const person = terminal()
    await confirm(command, typed, person)
    tell(await command.run(typed, opsClient(environment), person, environment), asJson)
    return 0
  } catch (error) {
    return explain(error, command, asJson)
  }
}

function findCommand(words: readonly string[]): Command | undefined {
  const bare = words.filter((word) => !word.startsWith('-'))
  const starts = (name: string) => name.split(' ').every((part, index) => bare[index] === part)
  return commands.find(({ name }) => starts(name))
}

/** A session's id or a key's may begin with a hyphen, or two; no option is as long. */
const HYPHENATED_ID = /^-([A-Za-z0-9_-]{21}|[A-Za-z0-9_-]{42})$/

function readWords(command: Command, words: string[]): Typed {
  try {
    const options = { ...common, ...command.options }
    const ids = words.filter((word) => HYPHENATED_ID.test(word))
    const args = [...words.filter((word) => !HYPHENATED_ID.test(word)), '--', ...ids]
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true })
    const rest = positionals.slice(command.name.split(' ').length)
    const [least, most] = command.words
    const fits = rest.length >= least && rest.length <= most
    if (!fits && values.help !== true)
      throw new BadUsage('a word is missing, or there is one too many')
    return { positionals: rest, options: values as Typed['options'] }
  } catch (error) {
    throw error instanceof BadUsage ? error : new BadUsage((error as Error).message)
  }
}

async function confirm(command: Command, typed: Typed, person: Terminal): Promise<void> {
  if (command.confirm === undefined || typed.options.yes === true) return
  const question = command.confirm(typed)
  if (!person.isInteractive) {
    throw new Refused('NOT_CONFIRMED', `${question} Without a terminal, say so with --yes.`)
  }
  if (!(await person.ask(question))) throw new Refused('NOT_CONFIRMED', 'Nothing was done.')
}

function tell({ json, text }: Output, asJson: boolean): void {
  process.stdout.write(asJson ? `${JSON.stringify(json)}\n` : `${text}\n`)
}

function explain(error: unknown, command: Command | undefined, asJson: boolean): number {
  if (error instanceof BadUsage) {
    if (asJson) tellError('BAD_USAGE', error.message)
    process.stderr.write(`${error.message}\n\n${command === undefined ? '' : usageOf(command)}`)
    return 2
  }
  if (!(error instanceof Refused)) throw error
  if (asJson) tellError(error.code, error.message)
  else process.stderr.write(`${error.message}\n`)
  return 1
}

const tellError = (code: string, detail: string) =>
  process.stdout.write(`${JSON.stringify({ error: { code, detail } })}\n`)

function usageOf({ name, usage, summary }: Command): string {
  return `npm run ops -- ${name} ${usage} [--json] [--yes]\n\n${summary}\n`
}

/** The list of commands: for who asks for it, or has typed none that there is. */
function overview(words: readonly string[]): number {
  const group = words.find((word) => !word.startsWith('-'))
  const known = commands.filter(({ name }) => name.split(' ')[0] === group)
  const shown = known.length > 0 ? known : commands
  const lines = shown.map(({ name, usage, summary }) => `  ${name} ${usage}\n      ${summary}`)
  const text = `npm run ops -- <command> [--json] [--yes]\n\n${lines.join('\n')}\n`
  const asked = words.length === 0 || words.includes('--help') || words.includes('-h')
  if (asked) {
    process.stdout.write(text)
    return 0
  }
  const fault = `There is no command "${words.filter((word) => !word.startsWith('-')).join(' ')}".`
  if (words.includes('--json')) tellError('BAD_USAGE', fault)
  process.stderr.write(`${fault}\n\n${text}`)
  return 2
}
