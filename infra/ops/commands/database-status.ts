import type { Command } from '../command.ts'
import { textTable } from '../terminal/text-table.ts'

type Migration = {
  readonly name: string
  readonly appliedAt: string | null
  readonly known: boolean
}

export const databaseStatus: Command = {
  name: 'database status',
  usage: '',
  summary:
    'Lists the migrations of the database, and says whether this version of the auth service ' +
    'has them.',
  words: [0, 0],
  async run(_typed, { ops }) {
    const response = await ops.call<{ migrations: Migration[] }>('GET', '/ops/database')
    const table = textTable(
      ['migration', 'applied', 'this version'],
      response.migrations.map(({ name, appliedAt, known }) => [
        name,
        appliedAt ?? 'no',
        known ? 'has it' : 'is older'
      ])
    )
    return { json: response, text: table }
  }
}
