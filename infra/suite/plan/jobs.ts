import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Job } from '../job.ts'
import type { Timings } from '../timings.ts'

const BATCH = fileURLToPath(new URL('../batches/batch.ts', import.meta.url))
const FLAGS = ['--disable-warning=ExperimentalWarning']
const HOOK = import.meta.resolve('../loading/replaced-modules.ts')

/**
 * Expected wall time of a whole batch. With longer ones, a run ends with one batch that still runs.
 */
const BATCH_SECONDS = 90
const MOST_FILES_IN_BATCH = 64

/** Signs that a file changes or measures the process itself. */
const NEEDS_OWN_PROCESS =
  /\bprocess\.(?:chdir|exit|on|once|memoryUsage|getActiveResourcesInfo)\b|\/proc\/self\b/

type JobOptions = {
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

/**
 * Files of a workspace share jobs. A file that has never been timed, or that needs its own process,
 * has a job of its own.
 */
export function testJobs(files: readonly string[], options: JobOptions): Job[] {
  const sharing = files.filter((file) => sharesProcess(file, options))
  const alone = files.filter((file) => !sharesProcess(file, options))
  return [...batches(sharing, options.timings), ...alone.map((file) => [file])].map((batch) =>
    batchJob(batch, options)
  )
}

const sharesProcess = (file: string, { root, timings }: JobOptions): boolean =>
  timings[file] !== undefined && !NEEDS_OWN_PROCESS.test(readFileSync(join(root, file), 'utf8'))

/**
 * Files of a large workspace share a batch, because they load the same sources. Those of small ones
 * share what loads tap.
 */
function batches(files: readonly string[], timings: Timings): string[][] {
  const made: { readonly group: string; readonly files: string[]; seconds: number }[] = []
  for (const file of files) {
    const group = groupOf(file)
    const seconds = timings[file]?.wallSeconds ?? 0
    const fitting = made.find(
      (batch) =>
        batch.group === group &&
        batch.files.length < MOST_FILES_IN_BATCH &&
        batch.seconds + seconds < BATCH_SECONDS
    )
    if (fitting === undefined) made.push({ group, files: [file], seconds })
    else {
      fitting.files.push(file)
      fitting.seconds += seconds
    }
  }
  return made.map((batch) => batch.files)
}

const LARGE_WORKSPACES = ['gateway', 'services/auth', 'test']

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
