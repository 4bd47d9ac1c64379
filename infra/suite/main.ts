import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleDependencies } from '@gatehouse/bundle/bundle-dependencies'
import { bundlePrograms } from '@gatehouse/bundle/bundle-programs'
import type { Job } from './job.ts'
import { runFolder } from './lanes/run-folder.ts'
import { runJobs } from './lanes/run-jobs.ts'
import { fileJob, testJobs } from './plan/jobs.ts'
import { shuffled } from './plan/shuffled.ts'
import { testFiles } from './plan/test-files.ts'
import { progress } from './report/progress.ts'
import { readTimings, writeTimings } from './timings.ts'

const USAGE = `Usage: npm test -- [--fuzz | --hunt | --record] [FOLDER or FILE ...]

Without a folder or file: the type check, the linter and every test. With one or more: only the tests that match.
A word without / or . matches a folder's name or the start of a file's name. Any other word matches a part of the path.

  --fuzz     only the tests that generate their inputs, with 100 times as many inputs (npm run fuzz)
  --hunt     only the generated attacks in test/hostile, with 100 times as many inputs (npm run hunt)
  --record   writes how long each file took to infra/suite/timings.json, so that the longest start first

TEST_JOBS sets how many processes run at a time. FUZZ_SEED repeats the inputs of a failure.
TEST_SHUFFLE=SEED changes which files share a process, and their order: no result may depend on it.
`
/** Longer than any file needs, even on a busy machine. */
const LIMIT_MS = 600_000
const LONG_LIMIT_MS = 4 * 3_600_000

const root = fileURLToPath(new URL('../..', import.meta.url))
process.chdir(root)
const words = process.argv.slice(2)
if (words.includes('--help')) {
  process.stdout.write(USAGE)
  process.exit()
}
const options = words.filter((word) => word.startsWith('--'))
const wanted = words.filter((word) => !word.startsWith('--'))
const [record, hunt] = [options.includes('--record'), options.includes('--hunt')]
const long = hunt || options.includes('--fuzz')
const unknown = options.find((option) => !['--record', '--fuzz', '--hunt'].includes(option))
if (unknown !== undefined) refuse(`${unknown} is not an option.\n\n${USAGE}`)
// What 100 times the inputs take says nothing about a usual run.
if (options.length > 1) refuse('Only one option at a time.\n')
for (const word of wanted) {
  if (testFiles(root, [word]).length === 0) refuse(`No test file matches ${word}.\n`)
}
const found = testFiles(root, wanted).filter((file) => !long || isOfLongRun(file))
const { TEST_SHUFFLE: seed } = process.env
const files = seed === undefined ? found : shuffled(found, seed)
if (files.length === 0) refuse(`No test that generates its inputs matches ${wanted.join(' ')}.\n`)

const cache = join(root, 'node_modules/.cache/gatehouse')
const bundles = join(cache, 'programs')
const dependencies = join(cache, 'dependencies')
const folder = runFolder()
// The compiler, esbuild and promtool are written in Go: less garbage collection, for more memory.
process.env.GOGC ??= '400'
const env = {
  ...process.env,
  // Without this cache, every process would read the same sources and strip their types again.
  NODE_COMPILE_CACHE: join(cache, 'compiled'),
  GATEHOUSE_TEST_BUNDLES: bundles,
  GATEHOUSE_TEST_FOLDER: folder,
  // Each job has its own limit. A limit for each test would depend on the speed of the machine.
  TAP_TIMEOUT: '0',
  TAP: '1',
  ...(long ? { GATEHOUSE_FUZZ: 'long' } : {})
}
const timings = readTimings()
const limitMs = long ? LONG_LIMIT_MS : LIMIT_MS
const jobOptions = { root, timings, limitMs, dependencies, env }
const jobs = [
  ...(wanted.length === 0 && !long ? checks() : []),
  // Each file of a long run has a process of its own, because it takes long.
  ...(long ? files.map((file) => fileJob(file, jobOptions)) : testJobs(files, jobOptions))
]

await Promise.all([bundlePrograms(bundles), bundleDependencies(dependencies)])
const seen = progress(jobs.length, (text) => process.stdout.write(text))
await runJobs(jobs, {
  // One more process than there are cores: while a file waits, its core is free for another. With
  // two more, a run took a fifth more processor time, and longer.
  lanes: Number(process.env.TEST_JOBS) || availableParallelism() + 1,
  onEnd: (job, ran) => seen.onEnd(job, ran).map((file) => fileJob(file, jobOptions)),
  env,
  folder
})
const { failed, skipped } = seen.sumUp()
if (record) writeTimings({ ...(wanted.length > 0 ? timings : {}), ...seen.timings() })
const skipsFail = skipped > 0 && Boolean(process.env.CI)
if (skipsFail) process.stderr.write('In CI, a skipped test fails the run.\n')
process.exitCode = failed > 0 || skipsFail ? 1 : 0

function refuse(why: string): never {
  process.stderr.write(why)
  process.exit(2)
}

/** A hunter drives processes for a long time, so it is not a part of a fuzz run. */
function isOfLongRun(file: string): boolean {
  if (hunt !== file.startsWith('test/hostile/')) return false
  const source = readFileSync(join(root, file), 'utf8')
  return source.includes("'@gatehouse/fixtures/generated'")
}

function checks(): Job[] {
  const check = (name: string, command: string, args: string[]): Job => ({
    name,
    files: [],
    kind: 'check',
    limitMs: LIMIT_MS,
    command,
    args,
    expectedSeconds: timings[name]?.wallSeconds ?? null
  })
  const program = (name: string) => join(root, 'node_modules/.bin', name)
  return [
    check('types', program('tsc'), ['-p', 'tsconfig.json', '--checkers', '1']),
    check('types of the console', program('tsc'), [
      '-p',
      'console/tsconfig.json',
      '--checkers',
      '1'
    ]),
    // With more threads, its type inference does the same work more than once.
    check('lint', program('biome'), ['ci', '--colors=off', '--error-on-warnings', '--threads=1']),
    check('api', process.execPath, [
      '--disable-warning=ExperimentalWarning',
      'infra/api/compatibility/main.ts'
    ])
  ]
}
