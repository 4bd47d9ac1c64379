import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Job } from './job.ts'
import type { Timings } from './timings.ts'

const BATCH = fileURLToPath(new URL('./batch.ts', import.meta.url))
const FLAGS = ['--disable-warning=ExperimentalWarning']

/** Of processor time, with what is loaded: a file that takes more has much to do itself. */
const SMALL_SECONDS = 5
/** of wall time: what waits is not waited for by others */
const MOST_SECONDS = 12
const BATCH_SECONDS = 45
const MOST_FILES = 16

/** What would reach from one file into another: a fixture of the whole file, or the process itself. */
const HOLDS_THE_PROCESS = [
  /^(?:const|let|await)\b.*\bawait\b.*\(t\b/m,
  /^t\.(?:before|beforeEach|after|afterEach|teardown|plan|setTimeout)\(/m,
  /\bprocess\.(?:env|chdir|exit|on|once|memoryUsage)\b/
]

export type JobOptions = {
  readonly root: string
  readonly timings: Timings
  readonly limitMs: number
}

/** One file in a process of its own. */
export function fileJob(file: string, { timings, limitMs }: JobOptions): Job {
  return {
    ...{ name: file, files: [file], kind: 'tests', limitMs },
    ...{ command: process.execPath, args: [...FLAGS, file] },
    expectedSeconds: timings[file]?.wallSeconds ?? null
  }
}

/** All files, the small ones of a workspace together in a process. */
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
  // The tests of the whole system are about processes.
  if (known === undefined || file.startsWith('test/')) return false
  if (known.cpuSeconds > SMALL_SECONDS || known.wallSeconds > MOST_SECONDS) return false
  const source = readFileSync(join(root, file), 'utf8')
  return !HOLDS_THE_PROCESS.some((sign) => sign.test(source))
}

/** Neighbours share a batch, since they load the same sources. */
function batches(files: readonly string[], timings: Timings): string[][] {
  const made: string[][] = []
  let seconds = 0
  for (const file of files) {
    const last = made.at(-1)
    const took = timings[file]?.wallSeconds ?? 0
    const isNeighbour = last?.[0] !== undefined && workspaceOf(last[0]) === workspaceOf(file)
    if (isNeighbour && last.length < MOST_FILES && seconds + took < BATCH_SECONDS) {
      last.push(file)
      seconds += took
    } else {
      made.push([file])
      seconds = took
    }
  }
  return made
}

const workspaceOf = (file: string): string => file.slice(0, file.indexOf('/test/'))

function batchJob(files: readonly string[], options: JobOptions): Job {
  const [first = ''] = files
  if (files.length === 1) return fileJob(first, options)
  const seconds = files.map((file) => options.timings[file]?.wallSeconds ?? 0)
  return {
    name: `${files.length} files of ${workspaceOf(first)}`,
    ...{ files, kind: 'tests', limitMs: options.limitMs },
    ...{ command: process.execPath, args: [...FLAGS, BATCH, ...files] },
    expectedSeconds: seconds.reduce((sum, one) => sum + one, 0)
  }
}
