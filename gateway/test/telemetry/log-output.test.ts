import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'

/**
 * A process that writes some lines to its standard output, and the number of dropped lines to
 * standard error. Then it ends.
 */
const writes = (lines: number) => {
  const program = new URL('fixtures/write-log.ts', import.meta.url)
  const flags = ['--disable-warning=ExperimentalWarning', program.pathname, String(lines)]
  return spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'pipe'] })
}

t.test('standard output has each line when the process has ended', async (t) => {
  const child = writes(500)
  const [written, dropped] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit')
  ])
  t.equal(dropped, '0 dropped')
  const numbers = written.trimEnd().split('\n').map(Number)
  t.strictSame(numbers, [...Array(500).keys()])
  t.equal(child.exitCode, 0)
})

t.test('a reader of the log that disappears does not end the process', async (t) => {
  const child = writes(50_000)
  child.stdout.destroy()
  const [dropped] = await Promise.all([text(child.stderr), once(child, 'exit')])
  t.match(dropped, /^[1-9]\d* dropped$/)
  t.equal(child.exitCode, 0)
})
