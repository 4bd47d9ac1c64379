import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundlePrograms } from '@gatehouse/bundle/bundle-programs'
import type { Job } from './job.ts'
import { progress } from './progress.ts'
import { runJobs } from './run-jobs.ts'
import { testFiles } from './test-files.ts'
import { readTimings, writeTimings } from './timings.ts'

const USAGE = `npm test -- [--record] [FOLDER or FILE ...]

Without a folder or file: types, lint and every test. With one or more: only the tests whose path names them.

  --record   writes infra/suite/timings.json, by which the longest files start first
`

const root = fileURLToPath(new URL('../..', import.meta.url))
process.chdir(root)
const words = process.argv.slice(2)
if (words.includes('--help')) {
  process.stdout.write(USAGE)
  process.exit()
}
const record = words.includes('--record')
const wanted = words.filter((word) => word !== '--record')

const timings = readTimings()
const files = testFiles(root, wanted)
if (files.length === 0) {
  process.stderr.write(`no test file has ${wanted.join(' or ')} in its path\n`)
  process.exit(2)
}
const bin = (name: string) => join(root, 'node_modules/.bin', name)
const checks: Job[] = [
  check('types', bin('tsc'), ['-p', 'tsconfig.json']),
  check('lint', bin('biome'), ['ci', '--colors=off', '--error-on-warnings'])
]
const jobs = [...(wanted.length === 0 ? checks : []), ...files.map(test)]

// A file that waits leaves its core to another one.
const lanes = Number(process.env.TEST_JOBS) || availableParallelism() + 1
const cache = join(root, 'node_modules/.cache/gatehouse')
const bundles = join(cache, 'programs')
await bundlePrograms(bundles)
const { onEnd, finished, summary } = progress(jobs.length, (text) => process.stdout.write(text))
await runJobs(jobs, {
  lanes,
  onEnd,
  env: {
    ...process.env,
    // Each process would read and strip the same sources again.
    NODE_COMPILE_CACHE: join(cache, 'compiled'),
    GATEHOUSE_TEST_BUNDLES: bundles,
    // A lane has a limit of its own; how long one test takes says how fast the machine is.
    TAP_TIMEOUT: '0',
    TAP: '1'
  }
})
const { failed, skipped } = summary()
if (record) {
  const measured = finished.map(({ job, ran }) => [job.name, Math.round(ran.wallMs / 100) / 10])
  writeTimings({ ...timings, ...Object.fromEntries(measured) })
}
// Where CI runs nothing may be left out.
process.exitCode = failed > 0 || (process.env.CI && skipped > 0) ? 1 : 0

function check(name: string, command: string, args: string[]): Job {
  return { name, kind: 'check', command, args, expectedSeconds: timings[name] ?? null }
}

function test(file: string): Job {
  return {
    name: file,
    kind: 'tests',
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', file],
    expectedSeconds: timings[file] ?? null
  }
}
