import { changes } from './changes/changes.ts'
import { edge } from './edge/edge.ts'
import { families } from './families.ts'
import { logins } from './logins.ts'
import { starts } from './starts.ts'
import { type Row, table } from './table.ts'

/** The suites by name: `npm run bench -- families`; without a name, all of them. */
const suites: Record<string, (tell: (line: string) => void) => Promise<Row[]>> = {
  changes,
  edge,
  families,
  logins,
  starts
}

const names = process.argv.slice(2)
const unknown = names.filter((name) => !(name in suites))
if (unknown.length > 0) {
  process.stderr.write(
    `No such suite: ${unknown.join(', ')}. There are: ${Object.keys(suites).join(', ')}\n`
  )
  process.exit(2)
}

const tell = (line: string) => process.stderr.write(`${line}\n`)
for (const [name, run] of Object.entries(suites)) {
  if (names.length > 0 && !names.includes(name)) continue
  process.stdout.write(`\n${name}\n\n${table(await run(tell))}\n`)
}
