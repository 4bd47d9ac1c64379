import { authSettings } from '@gatehouse/auth/config'
import { echoSettings } from '@gatehouse/echo/config'
import { gatewaySettings } from '@gatehouse/gateway/config'
import { opsSettings } from '@gatehouse/ops/ops-client'
import { ordersSettings } from '@gatehouse/orders/config'
import { read } from '../rules/fixtures/source-files.ts'

/** Makes docs/settings.md: `npx node test/docs/settings-page.ts > docs/settings.md`. */

const readers: Record<string, object> = {
  gateway: gatewaySettings,
  auth: authSettings,
  orders: ordersSettings,
  echo: echoSettings,
  'command line': opsSettings
}

/** The settings of every process, as TypeBox schemas. */
export const settings: Readonly<Record<string, object>> = Object.assign(
  {},
  ...Object.values(readers)
)

/** The variables that only gateway/routes.yaml reads, with their defaults. */
export const routeVariables: Readonly<Record<string, string>> = Object.fromEntries(
  [...read('gateway/routes.yaml').matchAll(/\$\{([A-Z_]+):-([^}]*)\}/g)].map(
    ([, name = '', value = '']) => [name, value]
  )
)

/** The units that the ends of names stand for. */
const units: readonly (readonly [RegExp, string])[] = [
  [/_PER_MINUTE$/, 'per minute'],
  [/_WORKERS$/, '`auto`, or a number from 1 to 64'],
  [/_SECONDS$/, 'seconds'],
  [/_MS$/, 'milliseconds'],
  [/_DAYS$/, 'days'],
  [/_BYTES$/, 'bytes'],
  [/_KIB$/, 'KiB'],
  [/_PORT$/, 'port'],
  [/_FILE$|_DIR$|_ROUTES$/, 'path'],
  [/_URL$/, 'URL']
]

type Schema = {
  readonly enum?: readonly string[]
  readonly type?: string
  readonly minimum?: number
  readonly maximum?: number
}

/** The values that a setting takes: a list of words, or its unit with its bounds. */
function valuesOf(name: string, { enum: words, type, minimum, maximum }: Schema): string {
  if (words !== undefined) return words.map((word) => `\`${word}\``).join(', ')
  if (type === 'boolean') return '`true`, `false`'
  const number = type === 'integer' || type === 'number'
  const unit = units.find(([end]) => end.test(name))?.[1] ?? (number ? 'number' : 'text')
  if (minimum === undefined) return unit
  return maximum === undefined
    ? `${unit}, at least ${minimum}`
    : `${unit}, ${minimum} to ${maximum}`
}

function readersOf(name: string): string {
  const names = Object.entries(readers).flatMap(([reader, known]) =>
    name in known ? [reader] : []
  )
  if (name in routeVariables) return 'route table'
  return names.length === Object.keys(readers).length ? 'all' : names.join(', ')
}

/** A comment of .env.example as Markdown. The paths of pages become links. */
const asMarkdown = (comment: string): string =>
  comment
    .replaceAll('|', '\\|')
    .replaceAll('*', '\\*')
    .replaceAll(/docs\/([\w/-]+\.md)/g, '[$1]($1)')

function tableRow(comment: string, group: readonly string[]): string {
  const cell = (text: (name: string) => string) => group.map(text).join('<br>')
  const all: Record<string, Schema & { readonly default?: unknown }> = settings
  const defaultOf = (name: string) => {
    const value = String(all[name]?.default ?? routeVariables[name] ?? '')
    return value === '' ? '–' : `\`${value}\``
  }
  return `| ${[
    cell((name) => `\`${name}\``),
    cell(defaultOf),
    cell((name) => valuesOf(name, all[name] ?? {})),
    [...new Set(group.map(readersOf))].join('<br>'),
    asMarkdown(comment)
  ].join(' | ')} |`
}

const HEAD = `# Settings

Settings are environment variables. \`npm start\` and \`npm run ops\` also read the file \`.env\` in the current folder; a variable in the
environment overrides the file. An empty variable means unset. A process checks all of its settings before it listens, and names every
mistake at once, with the allowed values. A misspelt name with the prefix of a setting prevents the start. Any other unknown name that
resembles a setting causes a warning ([decision 28](decisions/0028-a-misspelt-setting-ends-the-start.md)).

This page is made from [.env.example](../.env.example) and the code, and a test compares them. "–" means that a setting has no
default.

## One service alone

\`npm start\` starts the gateway, the auth service and the example services, and gives all of them the same settings. In production, each
process has its own settings. In a checkout, this command starts a gateway alone:

\`\`\`sh ignore
npx node --disable-warning=ExperimentalWarning gateway/src/main.ts
\`\`\`

For the auth service, it ends with \`services/auth/src/main.ts\`. These commands read the environment and no \`.env\`.
[Containers](kubernetes.md) and [systemd units](systemd.md) start the same processes.`

/** The page, from the comments of .env.example and the schemas of the settings. */
export function settingsPage(): string {
  const page = [HEAD]
  let comment: string[] = []
  let group: string[] = []
  const endGroup = () => {
    if (group.length > 0) page.push(tableRow(comment.join(' '), group))
    if (group.length > 0) comment = []
    group = []
  }
  for (const line of read('.env.example').split('\n')) {
    const [, section] = /^# -+ (.+?) -+$/.exec(line) ?? []
    const [, name] = /^(?:# )?([A-Z][A-Z0-9_]*)=/.exec(line) ?? []
    if (name !== undefined) group.push(name)
    else endGroup()
    if (section !== undefined) {
      page.push(`\n## ${section.charAt(0).toUpperCase()}${section.slice(1)}\n`)
      page.push('| setting | default | values | read by | meaning |', '|---|---|---|---|---|')
    } else if (line === '') comment = []
    else if (name === undefined) comment.push(line.slice(2))
  }
  endGroup()
  return `${page.join('\n')}\n`
}

if (import.meta.main) process.stdout.write(settingsPage())
