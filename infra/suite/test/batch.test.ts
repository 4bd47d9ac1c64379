import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { marksIn } from '../batches/batch-mark.ts'

const BATCH = fileURLToPath(new URL('../batches/batch.ts', import.meta.url))

/** A module that the files of the batch share, as they share their process. */
const SHARED = `export const said: string[] = []\n`

const SOURCES = {
  opens: `said.push('open')\nt.teardown(() => said.push('closed'))\nt.test('it', async (t) => t.equal(1, 1))\nt.ok(t.testdir())`,
  fails: `t.strictSame(said, ['open', 'closed'])\nt.equal(said.length, 3, 'not three')`,
  throws: `t.ok(true)\nthrow new Error('boom')`,
  ends: `t.test('outer', async (t) => t.test('inner', async (t) => t.ok(said.length)))`
}

t.test('each file of a batch is a test with fixtures of its own', async (t) => {
  const folder = t.testdir()
  writeFileSync(join(folder, 'shared.ts'), SHARED)
  const files = Object.entries(SOURCES).map(([name, source]) => {
    const file = join(folder, `${name}.ts`)
    writeFileSync(file, `import t from 'tap'\nimport { said } from './shared.ts'\n${source}\n`)
    return file
  })
  const { code, stdout } = await new Promise<{ code: unknown; stdout: string }>((resolve) => {
    const args = ['--disable-warning=ExperimentalWarning', BATCH, ...files]
    const env = { ...process.env, TAP: '1' }
    execFile(process.execPath, args, { env }, (error, stdout) =>
      resolve({ code: error?.code, stdout })
    )
  })
  t.equal(code, 1)
  t.strictSame(
    marksIn(stdout).map(({ file }) => file),
    files
  )
  t.match(stdout, /^# \{ total: 7, pass: 5, fail: 2 \}$/m, 'no mark counts as an assertion')
  const [failed = '', threw = ''] = stdout.split(/^(?= {4}not ok \d+)/m).slice(1)
  t.match(failed, /^ {4}not ok 2 - not three\n[\s\S]*\/fails\.ts\n +lineNumber: 4\n/)
  t.match(threw, /^ {4}not ok 2 - boom\n[\s\S]*throws\.ts/)
})
