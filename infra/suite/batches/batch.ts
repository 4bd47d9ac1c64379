import { registerHooks } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { cpuOfChildrenMs } from '../processor-time.ts'
import { markOf } from './batch-mark.ts'
import { fileTests } from './file-tests.ts'

// Runs several test files in this process, one after the other. Much of the cost of a file is
// loading modules that the others load too. Each file is a test, and what the file imports as tap
// is this test: its fixtures end with the file. After each file, a comment has the time that the
// file took.
const FILE_TEST = import.meta.resolve('./file-test.ts')
const urlOf = (file: string): string => pathToFileURL(resolve(file)).href
const files = process.argv.slice(2)
const urls = new Set(files.map(urlOf))
// tap names this folder after all arguments, which is longer than the name of a folder may be.
t.testdirName = resolve('.tap/fixtures/batch')

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL = '' } = context
    if (specifier !== 'tap' || !urls.has(parentURL)) return next(specifier, context)
    return next(`${FILE_TEST}?${new URLSearchParams({ file: parentURL })}`, context)
  }
})

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000 + cpuOfChildrenMs()
}

for (const file of files) {
  const [begun, cpuBefore] = [performance.now(), cpuMs()]
  await t.test(file, async (t) => {
    fileTests.set(urlOf(file), t)
    await import(urlOf(file))
  })
  t.comment(markOf({ file, wallMs: performance.now() - begun, cpuMs: cpuMs() - cpuBefore }))
}
