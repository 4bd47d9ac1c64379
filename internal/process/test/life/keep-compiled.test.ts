import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import t from 'tap'

const keepCompiled = import.meta.resolve('../../src/life/keep-compiled.ts')
const loaded = import.meta.resolve('../../src/start/start-fault.ts')

/** A process that keeps its compiled code in a folder, and then loads a module. */
function run(folder: string): void {
  const program = `const { keepCompiled } = await import('${keepCompiled}')
keepCompiled(${JSON.stringify(folder)})
await import('${loaded}')`
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program]
  execFileSync(process.execPath, flags, { env: {} })
}

t.test('the code of a process is kept in its data folder, for its user only', async (t) => {
  const folder = join(dataFolder(t), 'data')
  run(folder)
  t.ok(readdirSync(join(folder, 'compiled')).length > 0)
  t.equal(statSync(folder).mode & 0o777, 0o700)
})

t.test('a process runs without a folder that it can write', async (t) => {
  const file = join(dataFolder(t), 'file')
  writeFileSync(file, 'no folder')
  run(join(file, 'data'))
  t.equal(readFileSync(file, 'utf8'), 'no folder')
})
