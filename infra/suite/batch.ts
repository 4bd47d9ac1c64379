import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { markOf } from './batch-mark.ts'

// Runs several test files in this process, one after the other: most of what a small file costs is loading what the others
// load as well. tap's root runs the tests of all of them in order; behind each file's tests stands a mark that says what they
// took.
let [begun, cpu] = [performance.now(), process.cpuUsage()]
for (const file of process.argv.slice(2)) {
  try {
    await import(pathToFileURL(resolve(file)).href)
  } catch (error) {
    t.fail(`${file} could not be loaded`, { cause: error })
  }
  await t.test(`the end of ${file}`, async (t) => {
    const { user, system } = process.cpuUsage(cpu)
    t.comment(markOf({ file, wallMs: performance.now() - begun, cpuMs: (user + system) / 1000 }))
  })
  ;[begun, cpu] = [performance.now(), process.cpuUsage()]
}
