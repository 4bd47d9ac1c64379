import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Room } from '@gatehouse/room/room'
import { roomIsUp } from '@gatehouse/room/start-message'
import type { HouseEnvironment } from './environment.ts'

const rooms = ['auth', 'orders', 'echo', 'gateway'] as const

/** The file that a service's process runs. */
export type ProgramOf = (service: (typeof rooms)[number]) => string

export const sourceProgram: ProgramOf = (service) =>
  fileURLToPath(import.meta.resolve(`@gatehouse/${service}/main`))

/** Every room as a process of its own. When one of them dies unbidden, all go: half a house is not a state to leave someone in. */
export async function startProcesses(
  environment: HouseEnvironment,
  programOf: ProgramOf
): Promise<Room[]> {
  const starts = await Promise.allSettled(
    rooms.map((name) => startProcess(name, programOf(name), environment))
  )
  const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
  const failed = starts.find((start) => start.status === 'rejected')
  if (failed === undefined) return started
  for (const room of started) await room.close()
  throw failed.reason
}

async function startProcess(
  name: string,
  program: string,
  environment: HouseEnvironment
): Promise<Room> {
  // A group of its own: Ctrl-C reaches this process alone, which then takes the rooms down in order.
  // Clients reach the gateway only, and it ends first: the others need not drain.
  const drain = name === 'gateway' ? {} : { DRAIN_SECONDS: '0' }
  const env = { ...environment, ...drain } as NodeJS.ProcessEnv
  const child = fork(program, { env, detached: true })
  const up = await roomIsUp(name, child)
  let closing = false
  child.once('exit', (code) => {
    if (closing) return
    process.stderr.write(`${name} has ended by itself (${code ?? 'killed'})\n`)
    process.kill(process.pid, 'SIGTERM')
  })
  return {
    ...{ name, ...up },
    async close() {
      closing = true
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
  }
}
