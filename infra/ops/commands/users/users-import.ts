import { extname } from 'node:path'
import { type Command, listOption, type Typed, textOption } from '../../command.ts'
import { BadUsage } from '../../failures.ts'
import { readFirebaseHashConfig } from '../../import/firebase-hash-config.ts'
import { type FileFormat, importFile } from '../../import/import-file.ts'
import { type ImportResult, importReport } from '../../import/import-report.ts'
import { count } from '../../terminal/count.ts'
import { shown } from '../../terminal/terminal-text.ts'

export const usersImport: Command = {
  name: 'users import',
  usage:
    'FILE [--format csv|ndjson] [--dry-run] [--report FILE] [--role ROLE]… [--scope SCOPE]… [--firebase-hash-config FILE] [--allow-no-password]',
  summary:
    'Imports users of another system with their password hashes, from CSV or a JSON object per line. Can be repeated: existing users stay as they are. Exit code 1 if an entry is refused.',
  options: {
    format: { type: 'string' },
    'dry-run': { type: 'boolean' },
    report: { type: 'string' },
    role: { type: 'string', multiple: true },
    scope: { type: 'string', multiple: true },
    'firebase-hash-config': { type: 'string' },
    'allow-no-password': { type: 'boolean' }
  },
  words: [1, 1],
  async run(typed, { ops }) {
    const [file = ''] = typed.positionals
    const config = textOption(typed, 'firebase-hash-config')
    const options = {
      format: formatOf(file, typed),
      dryRun: typed.options['dry-run'] === true,
      allowNoPassword: typed.options['allow-no-password'] === true,
      roles: listOption(typed, 'role'),
      scope: listOption(typed, 'scope'),
      firebase: config === undefined ? null : readFirebaseHashConfig(config),
      clock: Date.now
    }
    const report = importReport(textOption(typed, 'report'))
    await importFile(file, options, ops, report)
    const { result } = report
    return {
      json: { dryRun: options.dryRun, ...result },
      text: textOf(result, options.dryRun),
      exitCode: result.refused === 0 ? 0 : 1
    }
  }
}

function formatOf(file: string, typed: Typed): FileFormat {
  const given = textOption(typed, 'format') ?? extname(file).slice(1)
  if (given === 'csv') return 'csv'
  if (['ndjson', 'jsonl', 'json'].includes(given)) return 'ndjson'
  throw new BadUsage('--format must be csv or ndjson if the file name ends in neither.')
}

function textOf({ imported, existing, refused, notImported }: ImportResult, dryRun: boolean) {
  const lines = notImported
    .filter(({ outcome }) => outcome === 'refused')
    .map(({ line, email, reason }) => shown(`line ${line}${email ? ` (${email})` : ''}: ${reason}`))
  const more =
    notImported.length < existing + refused
      ? ['Not all are shown; --report FILE writes all of them.']
      : []
  const verb = dryRun ? 'could be imported' : 'imported'
  const sum = `${count(imported, 'user')} ${verb}, ${existing} already there, ${refused} refused`
  return [...lines, ...more, sum].join('\n')
}
