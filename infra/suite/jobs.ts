import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Job } from './job.ts'
import type { Timings } from './timings.ts'

const BATCH = fileURLToPath(new URL('./batch.ts', import.meta.url))
const FLAGS = ['--disable-warning=ExperimentalWarning']
const HOOK = import.meta.resolve('./replaced-modules.ts')

/** Processor time of a file, with loading. A file above this spends most of it on its own tests: sharing saves little. */
const SMALL_SECONDS = 5
/** Wall time of a file. A file that waits for longer would delay the rest of its batch. */
const MOST_SECONDS = 12
/** Expected wall time of a whole batch. */
const BATCH_SECONDS = 60
const MOST_FILES_IN_BATCH = 32

/** Signs that a file could affect another file of its batch: a fixture for all its tests, or use of the process itself. */
const NEEDS_OWN_PROCESS = [
  /^(?:const|let|await)\b.*\bawait\b.*\(t\b/m,
  /^t\.(?:before|beforeEach|after|afterEach|teardown|plan|setTimeout)\(/m,
  /\bprocess\.(?:env|chdir|exit|on|once|memoryUsage)\b/
]
/** In a test of the whole system, a sign that it starts processes, which belong to one test file only. */
const STARTS_PROCESSES = /@gatehouse\/fixtures\/(?!data-folder|faults)|\/hostile\//

export type JobOptions = {
  readonly root: string
  readonly timings: Timings
  readonly limitMs: number
  /** The folder of the bundled dependencies. */
  readonly dependencies: string
  readonly env: NodeJS.ProcessEnv
}

/** A variable and not a flag, because a process that a test forks has the flags of the test. */
const withBundles = ({ env, dependencies }: JobOptions): NodeJS.ProcessEnv => ({
  ...env,
  NODE_OPTIONS: `--import=${HOOK}?${new URLSearchParams({ folder: dependencies })}`
})

/** One file in a process of its own. */
export function fileJob(file: string, options: JobOptions): Job {
  const { timings, limitMs } = options
  return {
    name: file,
    files: [file],
    kind: 'tests',
    limitMs,
    command: process.execPath,
    args: [...FLAGS, file],
    env: withBundles(options),
    expectedSeconds: timings[file]?.wallSeconds ?? null
  }
}

/** A job for each large file; the small files of a workspace share a job. */
export function testJobs(files: readonly string[], options: JobOptions): Job[] {
  const alone = files.filter((file) => !isSmall(file, options))
  const small = files.filter((file) => isSmall(file, options))
  return [
    ...alone.map((file) => fileJob(file, options)),
    ...batches(small, options.timings).map((batch) => batchJob(batch, options))
  ]
}

function isSmall(file: string, { root, timings }: JobOptions): boolean {
  const known = timings[file]
  if (known === undefined) return false
  if (known.cpuSeconds > SMALL_SECONDS || known.wallSeconds > MOST_SECONDS) return false
  const source = readFileSync(join(root, file), 'utf8')
  const isOfWholeSystem = file.startsWith('test/') && STARTS_PROCESSES.test(source)
  return !isOfWholeSystem && !NEEDS_OWN_PROCESS.some((sign) => sign.test(source))
}

/** Files of a large workspace share a batch, because they load the same sources. Those of small ones share what loads tap. */
function batches(files: readonly string[], timings: Timings): string[][] {
  const made: string[][] = []
  let seconds = 0
  for (const file of files.toSorted((one, other) => groupOf(one).localeCompare(groupOf(other)))) {
    const last = made.at(-1)
    const took = timings[file]?.wallSeconds ?? 0
    const isOfGroup = last?.[0] !== undefined && groupOf(last[0]) === groupOf(file)
    if (isOfGroup && last.length < MOST_FILES_IN_BATCH && seconds + took < BATCH_SECONDS) {
      last.push(file)
      seconds += took
    } else {
      made.push([file])
      seconds = took
    }
  }
  return made
}

const LARGE_WORKSPACES = ['gateway', 'services/auth']

const groupOf = (file: string): string =>
  LARGE_WORKSPACES.find((workspace) => file.startsWith(`${workspace}/`)) ?? 'other workspaces'

function batchJob(files: readonly string[], options: JobOptions): Job {
  const [first = ''] = files
  if (files.length === 1) return fileJob(first, options)
  const seconds = files.map((file) => options.timings[file]?.wallSeconds ?? 0)
  return {
    name: `${files.length} files of ${groupOf(first)}`,
    files,
    kind: 'tests',
    limitMs: options.limitMs,
    command: process.execPath,
    args: [...FLAGS, BATCH, ...files],
    env: withBundles(options),
    expectedSeconds: seconds.reduce((sum, one) => sum + one, 0)
  }
}
