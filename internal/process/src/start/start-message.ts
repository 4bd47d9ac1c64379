import type { ChildProcess } from 'node:child_process'
import type { RunningService } from './running-service.ts'
import { StartFault } from './start-fault.ts'

/** The addresses and the time limit of a service that runs in another process. */
export type Ready = Pick<RunningService, 'url' | 'opsUrl' | 'endsWithinMs'>

/**
 * What a process reports to its parent over their channel: the address of its service, or that
 * there is none.
 */
export type StartMessage =
  | { readonly ready: Ready }
  | { readonly failed: { readonly code: string | undefined } }

/**
 * The address of a process's service, once it runs.
 * @throws StartFault if it does not start, with the code of its error, such as EADDRINUSE. The
 * process itself has printed the reason.
 */
export function serviceIsUp(name: string, child: ChildProcess): Promise<Ready> {
  return new Promise((resolve, reject) => {
    let code: string | undefined
    child.on('message', (message) => {
      const parsed = message as StartMessage
      if ('ready' in parsed) resolve(parsed.ready)
      else if ('failed' in parsed) code = parsed.failed.code
    })
    child.once('exit', (exitCode) => {
      const fault = new StartFault(`${name} did not start (exit code ${exitCode})`)
      reject(code === undefined ? fault : Object.assign(fault, { code }))
    })
  })
}
