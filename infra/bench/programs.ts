import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const cores = availableParallelism()

/** The measured program has a core of its own, if there are enough cores. */
const CORES = {
  measured: '0',
  ...(cores >= 4 ? { upstream: '2', load: '1,3' } : { upstream: '1', load: '1' })
}
const canPin = cores >= 2 && spawnSync('taskset', ['-V']).status === 0

const others = cores >= 4 ? 'as have load and upstream' : 'load and upstream share another'
export const pinning = canPin
  ? `the measured program has its own core, ${others}`
  : 'not pinned: there are too few cores, or no taskset'

export const isInstalled = (program: string, ask = '-v'): boolean =>
  spawnSync(program, [ask]).error === undefined

const pinnedTo = (core: keyof typeof CORES): string[] =>
  canPin ? ['taskset', '-c', CORES[core]] : []

export type Program = { readonly pid: number; stop(): Promise<void> }

/** Starts a program on a core. It ends with the benchmark in any case. */
export function start(
  core: keyof typeof CORES,
  command: readonly string[],
  settings: readonly string[] = []
): Program {
  const [program = '', ...rest] = [...pinnedTo(core), 'env', ...settings, ...command]
  const child: ChildProcess = spawn(program, rest, { stdio: ['ignore', 'ignore', 'inherit'] })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  return {
    // taskset and env become the program that they start
    pid: child.pid ?? 0,
    async stop() {
      process.off('exit', kill)
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
  }
}

/** The output of a program that ends by itself. */
export async function output(
  core: keyof typeof CORES,
  command: readonly string[]
): Promise<string> {
  const [program = '', ...rest] = [...pinnedTo(core), ...command]
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.on('data', (chunk) => {
    printed += chunk
  })
  await once(child, 'close')
  return printed
}

/**
 * The lines that a program prints, as they come. It ends with the benchmark in any case, or after
 * its last line was read.
 */
export async function* linesOf(
  core: keyof typeof CORES,
  command: readonly string[]
): AsyncGenerator<string, undefined> {
  const [program = '', ...rest] = [...pinnedTo(core), ...command]
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  try {
    yield* createInterface({ input: child.stdout })
  } finally {
    process.off('exit', kill)
    kill()
  }
  return undefined
}

const READY_WITHIN_MS = 60_000

/**
 * Resolves when a program that was started answers with one of these statuses.
 * @throws if it does not; then it is stopped
 */
export async function ready(
  program: Program,
  url: string,
  statuses: readonly number[]
): Promise<void> {
  try {
    await answers(url, statuses)
  } catch (error) {
    await program.stop()
    throw error
  }
}

/**
 * Resolves when the address answers with one of these statuses.
 * @throws if it does not
 */
async function answers(url: string, statuses: readonly number[]): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS
  while (Date.now() < deadline) {
    const status = await fetch(url).then(
      async (response) => {
        await response.arrayBuffer()
        return response.status
      },
      () => 0
    )
    if (statuses.includes(status)) return
    await sleep(20)
  }
  throw new Error(`${url} did not answer`)
}
