import { type Command, textOption } from '../../command.ts'
import { BadUsage } from '../../failures.ts'
import { count } from '../../terminal/count.ts'
import { writeAuditFile } from './audit-file.ts'
import { auditOfService } from './audit-source.ts'

export const auditExport: Command = {
  name: 'audit export',
  usage: 'FILE [--after NUMBER]',
  summary:
    'Writes the audit log into a new file, one JSON object per line, with the data to verify it: ' +
    'the whole log, or the records after record NUMBER.',
  options: { after: { type: 'string' } },
  words: [1, 1],
  async run(typed, { ops }) {
    const [file = ''] = typed.positionals
    const after = textOption(typed, 'after') ?? '0'
    if (!/^\d{1,15}$/.test(after)) throw new BadUsage('--after must be a whole number.')
    const source = await auditOfService(ops, Number(after))
    const records = await writeAuditFile(file, source)
    const { last } = source.state
    return {
      json: { file, records, last: last.seq },
      text: `${count(records, 'record')}, up to record ${last.seq}, in ${file}`
    }
  }
}
