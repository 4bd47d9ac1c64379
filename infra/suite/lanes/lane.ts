import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job, Ran } from '../job.ts'
import { cpuOfChildrenMs } from '../processor-time.ts'

/** Where a job's output is written while it runs. */
const [, , folder = '.'] = process.argv

process.on('message', async (job: Job) => process.send?.(await run(job)))
/**
 * The job that runs. It is in a process group of its own, so no signal of a terminal reaches it.
 */
let running: ChildProcess | null = null

/** The run was interrupted, or the runner was killed. */
const interrupted = (): void => {
  if (running !== null) endGroup(running)
  process.exit()
}
process.once('disconnect', interrupted)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupted)

/**
 * Runs one job to its end. A lane runs one job at a time, so the rise in its children's processor
 * time is that of the job.
 */
async function run({ command, args, env, limitMs }: Job): Promise<Ran> {
  const [begun, cpuBefore] = [performance.now(), cpuOfChildrenMs()]
  // Files, because a pipe would wake this process for every line of the job.
  const [stdout, stderr] = [outputFile('stdout'), outputFile('stderr')]
  // A process group of its own, so that no process that the job started outlives the job.
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', stdout.descriptor, stderr.descriptor],
    ...(env === undefined ? {} : { env })
  })
  running = child
  let timedOut = false
  const limit = setTimeout(() => {
    timedOut = true
    endGroup(child)
  }, limitMs)
  const [exitCode, signal] = await once(child, 'exit').finally(() => {
    clearTimeout(limit)
    endGroup(child)
    running = null
  })
  await groupEnded(child)
  return {
    exitCode,
    signal,
    stdout: stdout.take(),
    stderr: stderr.take(),
    wallMs: performance.now() - begun,
    cpuMs: cpuOfChildrenMs() - cpuBefore,
    timedOut
  }
}

function outputFile(name: string) {
  const file = join(folder, `${process.pid}-${name}`)
  const descriptor = openSync(file, 'w')
  return {
    descriptor,
    take(): string {
      closeSync(descriptor)
      const text = readFileSync(file, 'utf8')
      rmSync(file)
      return text
    }
  }
}

const LOOKS = 100
const LOOK_MS = 10

/**
 * Waits until no process of the group is left: a killed one may still write. Not for longer than a
 * second, because a process whose exit status is never read stays in the table of processes.
 */
async function groupEnded({ pid }: ChildProcess): Promise<void> {
  try {
    for (let look = 0; pid !== undefined && look < LOOKS; look += 1) {
      process.kill(-pid, 0)
      await sleep(LOOK_MS)
    }
  } catch {
    // There is no such group.
  }
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // The group has already ended.
  }
}
