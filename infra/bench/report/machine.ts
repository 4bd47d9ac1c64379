import { spawnSync } from 'node:child_process'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import type { Machine } from './results.ts'

/** The machine on which this process runs. */
export const thisMachine = (): Machine => ({
  processor: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 1024 ** 3),
  system: `${type()} ${release()} ${process.arch}`,
  node: process.version
})

/** The commit of the sources, with `-dirty` if files differ from it; null without Git. */
export function commitOf(folder: string): string | null {
  const { status, stdout } = spawnSync(
    'git',
    ['-C', folder, 'describe', '--always', '--exclude=*', '--dirty', '--abbrev=12'],
    { encoding: 'utf8' }
  )
  return status === 0 ? stdout.trim() : null
}
