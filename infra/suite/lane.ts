import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import type { Job, Ran } from './job.ts'

const MS_PER_TICK = 10

process.on('message', async (job: Job) => process.send?.(await run(job)))
process.once('disconnect', () => process.exit())

/**
 * Runs one job to its end. A lane does nothing else, so the processor time of its children between two looks is that of the
 * job.
 */
async function run({ command, args, limitMs }: Job): Promise<Ran> {
  const [begun, cpuBefore] = [performance.now(), cpuOfChildrenMs()]
  // A process group of its own, so that nothing that the job has started outlives it.
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const limit = setTimeout(() => endGroup(child), limitMs)
  const [stdout, stderr, [exitCode, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit').finally(() => {
      clearTimeout(limit)
      // What is left of it holds its output open.
      endGroup(child)
    })
  ])
  return {
    exitCode,
    stdout,
    stderr,
    wallMs: performance.now() - begun,
    cpuMs: cpuOfChildrenMs() - cpuBefore,
    timedOut: signal === 'SIGKILL'
  }
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // Nothing is left of it.
  }
}

/** Of all children that have ended, and theirs (proc(5): cutime and cstime); 0 where the system does not say. */
function cpuOfChildrenMs(): number {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[13]) + Number(fields[14])) * MS_PER_TICK
  } catch {
    return 0
  }
}
