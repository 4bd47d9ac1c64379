import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { markOf } from './batch-mark.ts'

// Runs several test files in this process, one after the other. Most of the cost of a small file is loading modules that the
// others load too. tap's root test runs the tests of all the files in order. After the tests of each file, a test prints a
// mark with the time that the file took.
let [begun, cpu] = [performance.now(), process.cpuUsage()]
for (const file of process.argv.slice(2)) {
  try {
    await import(pathToFileURL(resolve(file)).href)
  } catch (error) {
    t.fail(`${file} could not be loaded`, { cause: error })
  }
  await t.test(`the timing of ${file}`, async (t) => {
    const { user, system } = process.cpuUsage(cpu)
    t.comment(markOf({ file, wallMs: performance.now() - begun, cpuMs: (user + system) / 1000 }))
  })
  ;[begun, cpu] = [performance.now(), process.cpuUsage()]
}
