import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { Job, Ran } from './job.ts'
import { cpuOfChildrenMs } from './processor-time.ts'

process.on('message', async (job: Job) => process.send?.(await run(job)))
process.once('disconnect', () => process.exit())

/**
 * Runs one job to its end. A lane runs one job at a time, so the rise in its children's processor
 * time is that of the job.
 */
async function run({ command, args, env, limitMs }: Job): Promise<Ran> {
  const [begun, cpuBefore] = [performance.now(), cpuOfChildrenMs()]
  // A process group of its own, so that no process that the job started outlives the job.
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(env === undefined ? {} : { env })
  })
  let timedOut = false
  const limit = setTimeout(() => {
    timedOut = true
    endGroup(child)
  }, limitMs)
  const [stdout, stderr, [exitCode, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit').finally(() => {
      clearTimeout(limit)
      // A process that is still running would keep the job's output open.
      endGroup(child)
    })
  ])
  return {
    exitCode,
    signal,
    stdout,
    stderr,
    wallMs: performance.now() - begun,
    cpuMs: cpuOfChildrenMs() - cpuBefore,
    timedOut
  }
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // The group has already ended.
  }
}
