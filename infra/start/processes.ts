import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { RunningService } from '@gatehouse/process/running-service'
import { serviceIsUp } from '@gatehouse/process/start-message'
import { innerEnvironment, type SystemEnvironment } from './environment.ts'

const services = ['auth', 'orders', 'echo', 'gateway'] as const

/** The file that a service's process runs. */
export type ProgramOf = (service: (typeof services)[number]) => string

export const sourceProgram: ProgramOf = (service) =>
  fileURLToPath(import.meta.resolve(`@gatehouse/${service}/main`))

/**
 * Starts every service as a process. If one of them exits unexpectedly, all of them are stopped.
 */
export async function startProcesses(
  environment: SystemEnvironment,
  programOf: ProgramOf
): Promise<RunningService[]> {
  const starts = await Promise.allSettled(
    services.map((name) => startProcess(name, programOf(name), environment))
  )
  const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
  const failed = starts.find((start) => start.status === 'rejected')
  if (failed === undefined) return started
  // The error of the start is the one to report.
  for (const service of started) await service.close().catch(() => {})
  throw failed.reason
}

async function startProcess(
  name: string,
  program: string,
  environment: SystemEnvironment
): Promise<RunningService> {
  // In a process group of its own, so that Ctrl-C reaches only this process, which then stops the
  // services in order.
  const env = (
    name === 'gateway' ? environment : innerEnvironment(environment)
  ) as NodeJS.ProcessEnv
  const child = fork(program, { env, detached: true })
  const up = await serviceIsUp(name, child)
  let closing = false
  child.once('exit', (code) => {
    if (closing) return
    process.stderr.write(`${name} has exited unexpectedly (${code ?? 'killed'})\n`)
    process.kill(process.pid, 'SIGTERM')
  })
  return {
    name,
    ...up,
    async close() {
      closing = true
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
  }
}
