import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundlePrograms } from '@gatehouse/bundle/bundle-programs'
import type { Job } from './job.ts'
import { fileJob, testJobs } from './jobs.ts'
import { progress } from './progress.ts'
import { runJobs } from './run-jobs.ts'
import { testFiles } from './test-files.ts'
import { readTimings, writeTimings } from './timings.ts'

const USAGE = `npm test -- [--fuzz] [--record] [FOLDER or FILE ...]

Without a folder or file: types, lint and every test. With one or more: only the tests whose path names them.

  --fuzz     only the tests that generate their inputs, each with a hundred times as many (npm run fuzz)
  --record   writes infra/suite/timings.json, by which the longest files start first
`
/** Far more than any file needs, even with other programs on the same cores. */
const LIMIT_MS = 600_000
const FUZZ_LIMIT_MS = 4 * 3_600_000

const root = fileURLToPath(new URL('../..', import.meta.url))
process.chdir(root)
const words = process.argv.slice(2)
if (words.includes('--help')) {
  process.stdout.write(USAGE)
  process.exit()
}
const [record, fuzz] = [words.includes('--record'), words.includes('--fuzz')]
const wanted = words.filter((word) => !word.startsWith('--'))

const files = testFiles(root, wanted).filter((file) => !fuzz || generatesInputs(file))
if (files.length === 0) {
  process.stderr.write(`no test file has ${wanted.join(' or ')} in its path\n`)
  process.exit(2)
}
const timings = readTimings()
const options = { root, timings, limitMs: fuzz ? FUZZ_LIMIT_MS : LIMIT_MS }
const jobs = [
  ...(wanted.length === 0 && !fuzz ? checks() : []),
  // One that takes long by design shares its process with no other.
  ...(fuzz ? files.map((file) => fileJob(file, options)) : testJobs(files, options))
]

const cache = join(root, 'node_modules/.cache/gatehouse')
const bundles = join(cache, 'programs')
await bundlePrograms(bundles)
const seen = progress(jobs.length, (text) => process.stdout.write(text))
await runJobs(jobs, {
  // A file that waits leaves its core to another one.
  lanes: Number(process.env.TEST_JOBS) || availableParallelism() + 1,
  onEnd: (job, ran) => seen.onEnd(job, ran).map((file) => fileJob(file, options)),
  env: {
    ...process.env,
    // Each process would read and strip the same sources again.
    NODE_COMPILE_CACHE: join(cache, 'compiled'),
    GATEHOUSE_TEST_BUNDLES: bundles,
    // A lane has a limit of its own; how long one test takes says how fast the machine is.
    TAP_TIMEOUT: '0',
    TAP: '1',
    ...(fuzz ? { GATEHOUSE_FUZZ: 'long' } : {})
  }
})
const { failed, skipped } = seen.summary()
if (record) writeTimings({ ...(wanted.length > 0 ? timings : {}), ...seen.timings() })
// Where CI runs nothing may be left out.
process.exitCode = failed > 0 || (process.env.CI && skipped > 0) ? 1 : 0

function generatesInputs(file: string): boolean {
  const source = readFileSync(join(root, file), 'utf8')
  return source.includes("'@gatehouse/fixtures/generated'")
}

function checks(): Job[] {
  const check = (name: string, program: string, args: string[]): Job => ({
    ...{ name, files: [], kind: 'check', limitMs: LIMIT_MS },
    ...{ command: join(root, 'node_modules/.bin', program), args },
    expectedSeconds: timings[name]?.wallSeconds ?? null
  })
  return [
    check('types', 'tsc', ['-p', 'tsconfig.json']),
    check('lint', 'biome', ['ci', '--colors=off', '--error-on-warnings'])
  ]
}
